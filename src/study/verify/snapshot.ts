/**
 * The allocator's state at one moment of a real kernel, as the instrumented kernel prints it
 * with interrupts off: zones, free lists in list order, the unaccepted list, per-CPU lists,
 * types of pageblocks.
 */

export interface SnapshotPcp {
  readonly cpu: number;
  readonly count: number;
  readonly high: number;
  readonly highMin: number;
  readonly highMax: number;
  readonly batch: number;
  readonly flags: number;
  readonly allocFactor: number;
  readonly freeCount: number;
  /** Frame numbers of each list that is not empty, head first. */
  readonly lists: Map<number, readonly number[]>;
}

export interface SnapshotZone {
  readonly nodeId: number;
  readonly type: number;
  readonly name: string;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly presentPages: number;
  readonly managedPages: number;
  /** min, low, high, promo. */
  readonly watermark: readonly number[];
  readonly boost: number;
  readonly freePages: number;
  readonly unacceptedPages: number;
  readonly reservedHighatomicPages: number;
  readonly lowmemReserve: readonly number[];
  /** Zone flags; bit 2 is ZONE_BELOW_HIGH. */
  readonly flags: number;
  /** Head frame numbers of free blocks by `freeListKey`, list head first. */
  readonly free: Map<string, readonly number[]>;
  readonly unaccepted: readonly number[];
  readonly pcp: SnapshotPcp[];
  /** Types of pageblocks from the zone's start, rounded down to a pageblock: [type, how many] in a row. */
  readonly blocks: readonly (readonly [number, number])[];
}

export function freeListKey(order: number, type: number): string {
  return `${order}/${type}`;
}

/**
 * Reads a snapshot.
 *
 * @throws Error naming the line that is not understood
 */
export function parseSnapshot(text: string): SnapshotZone[] {
  const zones: SnapshotZone[] = [];
  text.split("\n").forEach((line, index) => {
    const colon = line.indexOf(":");
    const words = (colon < 0 ? line : line.slice(0, colon)).split(" ");
    const values =
      colon < 0
        ? []
        : line
            .slice(colon + 1)
            .trim()
            .split(/\s+/)
            .filter(Boolean);
    const keyword = words[0];
    if (line === "" || keyword === "seq") return;
    const fields = new Map(words.slice(1).map((word) => word.split("=") as [string, string]));
    const number = (key: string, radix = 10): number => {
      const value = Number.parseInt(fields.get(key) ?? "", radix);
      if (Number.isNaN(value))
        throw new Error(`line ${index + 1}: expected a number ${key}=, found: ${line.slice(0, 80)}`);
      return value;
    };
    const zone = zones.at(-1);
    if (keyword === "zone") zones.push(zoneOf(fields, number));
    else if (zone === undefined)
      throw new Error(`line ${index + 1}: expected a zone first, found: ${line.slice(0, 80)}`);
    else if (keyword === "free") zone.free.set(freeListKey(number("o"), number("mt")), values.map(pfnOf));
    else if (keyword === "unaccepted") (zone.unaccepted as number[]).push(...values.map(pfnOf));
    else if (keyword === "pcp") zone.pcp.push(pcpOf(number));
    else if (keyword === "pl") zone.pcp.at(-1)!.lists.set(number("i"), values.map(pfnOf));
    else if (keyword === "blocks") {
      for (const run of values) {
        const [type, count] = run.split("*").map(Number);
        (zone.blocks as [number, number][]).push([type!, count!]);
      }
    } else throw new Error(`line ${index + 1}: expected a line of a snapshot, found: ${line.slice(0, 80)}`);
  });
  return zones;
}

function pfnOf(hex: string): number {
  return Number.parseInt(hex, 16);
}

type NumberField = (key: string, radix?: number) => number;

function zoneOf(fields: ReadonlyMap<string, string>, number: NumberField): SnapshotZone {
  const startPfn = number("start");
  return {
    nodeId: number("node"),
    type: number("idx"),
    name: fields.get("name") ?? "",
    startPfn,
    endPfn: startPfn + number("spanned"),
    presentPages: number("present"),
    managedPages: number("managed"),
    watermark: [number("min"), number("low"), number("high"), number("promo")],
    boost: number("boost"),
    freePages: number("nr_free"),
    unacceptedPages: number("nr_unaccepted"),
    reservedHighatomicPages: number("highatomic"),
    lowmemReserve: (fields.get("lowmem_reserve") ?? "").split(",").map(Number),
    flags: number("flags", 16),
    free: new Map(),
    unaccepted: [],
    pcp: [],
    blocks: [],
  };
}

function pcpOf(number: NumberField): SnapshotPcp {
  return {
    cpu: number("cpu"),
    count: number("count"),
    high: number("high"),
    highMin: number("high_min"),
    highMax: number("high_max"),
    batch: number("batch"),
    flags: number("flags"),
    allocFactor: number("alloc_factor"),
    freeCount: number("free_count"),
    lists: new Map(),
  };
}
