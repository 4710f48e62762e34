/** What a file of `run --map` has to hold so that no picture of it shows what never was. */

import { z } from "zod";
import { LAYER_KEYS, LAYERS } from "../../memory-map/layers.js";

const text = z.string();
/** Bytes, nanoseconds, or how many. */
const whole = z.int().min(0);
const some = z.int().min(1);
const LAYER_NAMES = LAYER_KEYS.map((key) => LAYERS[key].name);

/** A number of one place against that of another one. */
interface Bound {
  readonly path: (string | number)[];
  readonly value: number;
  readonly least?: number;
  readonly most?: number;
  /** What the limit is. */
  readonly is: string;
}

/** A memory map as `MemoryMapFile` has it: phases, areas and accepts lie within the run and its memory. */
export const memoryMap: z.ZodType<object> = z
  .looseObject({
    name: text,
    run: z.looseObject({ outcome: text }).catchall(z.union([text, z.number(), z.looseObject({})])),
    endNs: some,
    spanBytes: some,
    grainBytes: whole,
    grainNs: whole,
    phases: z.array(z.looseObject({ name: text, startNs: whole, endNs: whole })),
    layers: z.array(
      z.looseObject({
        name: z.enum(LAYER_NAMES),
        what: text,
        grainBytes: whole,
        grainNs: whole,
        peakBytes: whole,
        endBytes: whole,
      }),
    ),
    areas: z.array(z.tuple([whole, whole, whole, whole, whole])),
    acceptsTotal: whole,
    acceptsEvery: some,
    accepts: z.array(
      z.looseObject({ n: some, atNs: whole, cpu: whole, start: whole, bytes: some, by: text }),
    ),
  })
  .superRefine((map, context) => {
    for (const { path, value, least = 0, most = Number.MAX_SAFE_INTEGER, is } of boundsOf(map)) {
      if (value >= least && value <= most) continue;
      const expected = value < least ? `${least} or more` : `${most} or less`;
      context.addIssue({ code: "custom", path, message: `expected ${expected}, ${is}` });
    }
  });

interface Shape {
  readonly endNs: number;
  readonly spanBytes: number;
  readonly phases: readonly { readonly startNs: number; readonly endNs: number }[];
  readonly layers: readonly unknown[];
  readonly areas: readonly (readonly [number, number, number, number, number])[];
  readonly acceptsTotal: number;
  readonly accepts: readonly { readonly n: number; readonly atNs: number }[];
}

function* boundsOf({
  endNs,
  spanBytes,
  phases,
  layers,
  areas,
  acceptsTotal,
  accepts,
}: Shape): Generator<Bound> {
  const end = "the end of the run";
  for (const [at, phase] of phases.entries()) {
    const path = ["phases", at, "endNs"];
    yield { path, value: phase.endNs, least: phase.startNs, is: "its start" };
    yield { path, value: phase.endNs, most: endNs, is: end };
  }
  for (const [at, [layer, start, endByte, fromNs, untilNs]] of areas.entries()) {
    const path = (place: number): (string | number)[] => ["areas", at, place];
    yield { path: path(0), value: layer, most: layers.length - 1, is: "the last layer" };
    yield { path: path(2), value: endByte, least: start + 1, is: "behind its start" };
    yield { path: path(2), value: endByte, most: spanBytes, is: "the end of memory" };
    yield { path: path(4), value: untilNs, least: fromNs, is: "its start" };
    yield { path: path(4), value: untilNs, most: endNs, is: end };
  }
  for (const [at, { n, atNs }] of accepts.entries()) {
    yield { path: ["accepts", at, "n"], value: n, most: acceptsTotal, is: "all accepts" };
    yield { path: ["accepts", at, "atNs"], value: atNs, most: endNs, is: end };
  }
}
