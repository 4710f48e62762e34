/** Whether a scenario has its VMM's layout or the map itself, where texts say what both follow from. */

import { PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { takesLowMemory, VMM_KINDS, type VmmKind, vmmRam } from "../firmware/vmm-ram.js";
import { type AddressRange, GiB, parseSize } from "../units.js";
import { e820OfMap, type MemoryMapEntry } from "../x86/memory-map.js";
import { exactSize } from "./exact-size.js";
import type { Joined } from "./join.js";
import { ramOfMap } from "./ram.js";
import type { Remark } from "./statement.js";

export interface Chosen {
  readonly joined: readonly Joined[];
  /** What was said and is left out, and why. */
  readonly remarks: readonly (Remark & { readonly file: string })[];
}

/** A map as statements have it. */
type WrittenMap = readonly MemoryMapEntry[];

/** With TDVF and OVMF what is above is left to the kernel (edk2: PlatformPei/AmdSev.c, IntelTdx/TdxHelperLib). */
const ACCEPTED_END: number = 4 * GiB;

/**
 * A layout can be asked for other sizes of memory; a map is exact. A confidential guest gets the layout where one
 * fits, as its firmware and what that accepts are simulated. Of others only the map is known to be right.
 *
 * @param exact the map in any case
 */
export function chooseMap(joined: readonly Joined[], exact: boolean): Chosen {
  const of = (key: string): Joined | undefined => joined.find((one) => one.key === key);
  const map = of("memoryMap");
  const memory = of("memory");
  if (map === undefined || memory === undefined) return { joined, remarks: [] };
  const platform = of("platform.kind")?.value as PlatformKind | undefined;
  const isConfidential = platform !== undefined && PLATFORMS[platform]?.isConfidential;
  const isWhole = of("handOver.kernelStart") !== undefined;
  const layout = fittingLayout(map, memory, {
    isAmd: isConfidential === true && PLATFORMS[platform!].isAmd,
    hint: of("vmm.kind"),
  });
  const source = map.sources[0]!;
  const remark = (text: string): Chosen["remarks"][number] => ({
    file: source.file,
    line: source.line,
    text,
  });
  const takesMap = exact || layout === undefined || (isConfidential !== true && isWhole);
  if (!takesMap) {
    const rest = joined.filter(
      ({ key }) => key !== "memoryMap" && !key.startsWith("handOver.") && !key.startsWith("vmm."),
    );
    const text = `the map, which vmm.kind ${String(layout[0]!.value)} fits, and what lies in it: --exact writes it line for line`;
    return { joined: [...rest, ...layout], remarks: [remark(text)] };
  }
  const rest = joined.filter(({ key }) => key !== "memoryMap" && !key.startsWith("vmm."));
  const left =
    layout === undefined
      ? "no VMM's layout fits the map"
      : `vmm.kind ${String(layout[0]!.value)} would fit the map`;
  return {
    joined: [
      ...rest,
      isConfidential === true ? withUnaccepted(map, of("firmware.acceptAll") !== undefined) : map,
    ],
    remarks: [remark(`${left}: memoryMap has it line for line`)],
  };
}

/** The kind that texts name, or the first that fits, and how much RAM it has below 4 GiB where that is not its own. */
function fittingLayout(
  map: Joined,
  memory: Joined,
  { isAmd, hint }: { readonly isAmd: boolean; readonly hint: Joined | undefined },
): Joined[] | undefined {
  const ram = ramOfMap(e820OfMap(map.value as WrittenMap));
  const memoryBytes = parseSize(String(memory.value)) ?? 0;
  const fits = (kind: VmmKind, lowMemoryBytes?: number): boolean =>
    sameRanges(vmmRam(kind, { memoryBytes, isAmd, lowMemoryBytes }), ram);
  // A text that says firecracker does not say of which release.
  const isNamed = (kind: VmmKind): boolean =>
    kind === hint?.value || kind.startsWith(`${String(hint?.value)}-`);
  const kinds = hint === undefined ? VMM_KINDS : VMM_KINDS.filter(isNamed);
  const kind = kinds.find((one) => fits(one));
  const said = (key: string, value: unknown, derived: string): Joined => ({
    key,
    value,
    sources: [{ ...memory.sources[0]!, derived }],
  });
  if (kind !== undefined) {
    const others = VMM_KINDS.filter((one) => one !== kind && fits(one));
    const also = others.length === 0 ? "" : `; so do ${others.join(", ")}`;
    const derived = `its layout has the RAM of the map${also}`;
    return [hint === undefined || hint.value !== kind ? said("vmm.kind", kind, derived) : hint];
  }
  const low = ram[0]?.end ?? 0;
  const told = kinds.find((one) => takesLowMemory(one) && fits(one, low));
  if (told === undefined) return undefined;
  const derived = "RAM of the map below 4 GiB, which is not the kind's own";
  return [
    hint ?? said("vmm.kind", told, "with vmm.lowMemory its layout has the RAM of the map"),
    said("vmm.lowMemory", exactSize(low), derived),
  ];
}

function sameRanges(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  return (
    a.length === b.length && a.every(({ start, end }, at) => start === b[at]!.start && end === b[at]!.end)
  );
}

/** An e820 table says nothing of acceptance: what a firmware leaves is assumed. */
function withUnaccepted(map: Joined, isAccepted: boolean): Joined {
  const entries = map.value as WrittenMap;
  const isUefi = entries.some(({ type }) => type === "unaccepted" || type === "boot services");
  if (isUefi || isAccepted) return map;
  const value = entries.map((entry) =>
    entry.type === "usable" && entry.start >= ACCEPTED_END ? { ...entry, type: "unaccepted" } : entry,
  );
  const [first, ...more] = map.sources;
  const derived = `${first!.derived}; assumed: the firmware has accepted what is below 4 GiB and no more`;
  return { ...map, value, sources: [{ ...first!, derived }, ...more] };
}
