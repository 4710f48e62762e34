import type { DocumentRow, ResultDocument, TunedGuest } from "../../../src/report/pictures/documents.js";
import type { Drawn, Picture } from "../../../src/report/pictures/picture.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { GiB, MiB } from "../../../src/units.js";

export function rowsResult(...rows: readonly DocumentRow[]): ResultDocument {
  return { file: "rows.json", kind: "rows", rows };
}

export function tuneResult(...guests: readonly TunedGuest[]): ResultDocument {
  return { file: "tune.json", kind: "tune", guests };
}

export function tunedWith(changes: Partial<TunedGuest> = {}): TunedGuest {
  return {
    platform: "tdx",
    policy: "lazy",
    kernel: "7.3",
    prices: "default",
    memoryBytes: 4 * GiB,
    vcpus: 1,
    workload: "idle",
    objective: "bootTimeNs",
    best: null,
    curves: [
      {
        knob: "policy",
        unit: "name",
        best: "lazy",
        points: [{ value: "lazy", loss: 0 }],
        flat: null,
      },
      {
        knob: "firmware.preAcceptLimit",
        unit: "bytes",
        best: 256 * MiB,
        points: [
          { value: 128 * MiB, loss: null },
          { value: 256 * MiB, loss: 0 },
          { value: 512 * MiB, loss: 0.015 },
          { value: 4 * GiB, loss: 0.3 },
        ],
        flat: { low: 256 * MiB, high: 512 * MiB, within: 0.02 },
      },
    ],
    ...changes,
  };
}

/** @throws Error where the picture refuses */
export function drawn(picture: Picture, ...results: readonly ResultDocument[]): Drawn {
  const found = picture.draw(results, COLOURS.light);
  if (typeof found === "string") throw new Error(found);
  return found;
}

/** What marks are drawn from: data that stand right in the specification. */
export function valuesOf(picture: Drawn): Record<string, unknown>[] {
  return (picture.spec as { readonly data: { readonly values: Record<string, unknown>[] } }).data.values;
}
