import { Memblock } from "../memblock/memblock.js";
import { MAX_NUMNODES, type MemblockType } from "../memblock/regions.js";
import { type Comparison, Tally } from "./tally.js";

type Operation = readonly [name: string, ...argumentsAndResult: (string | number)[]];
type RecordedRegion = readonly [base: string, size: string, flags: number, nid: number];

interface Sequence {
  readonly id: number;
  readonly ops: readonly Operation[];
  readonly memory: readonly RecordedRegion[];
  readonly reserved: readonly RecordedRegion[];
  readonly phys_mem_size: string;
  readonly reserved_size: string;
  readonly start: string;
  readonly end: string;
}

export function parseMemblockVectors(text: string): readonly Sequence[] {
  const { sequences } = JSON.parse(text) as { readonly sequences?: readonly Sequence[] };
  if (!Array.isArray(sequences)) throw new Error("expected a list called sequences");
  return sequences;
}

/** Addresses and sizes are hexadecimal strings, node numbers and switches plain integers. */
function numberOf(value: string | number): number {
  return typeof value === "string" ? Number.parseInt(value, 16) : value;
}

/** What an operation of the bench calls; only allocations have a result, an address. */
const OPERATIONS: Readonly<
  Record<string, (memblock: Memblock, ...values: [number, number, number, number]) => unknown>
> = {
  alloc_range: (memblock, a, b, c, d) => memblock.physAllocRange(a, b, c, d),
  alloc_try_nid: (memblock, a, b, c) => memblock.physAllocTryNid(a, b, c),
  add: (memblock, a, b) => memblock.add(a, b),
  add_node: (memblock, a, b, c) => memblock.addNode(a, b, c),
  remove: (memblock, a, b) => memblock.remove(a, b),
  reserve: (memblock, a, b) => memblock.reserve(a, b),
  free: (memblock, a, b) => memblock.free(a, b),
  bottom_up(memblock, a) {
    memblock.bottomUp = a === 1;
  },
  current_limit(memblock, a) {
    memblock.currentLimit = a;
  },
  mark_nomap: (memblock, a, b) => memblock.markNomap(a, b),
  clear_nomap: (memblock, a, b) => memblock.clearNomap(a, b),
  mark_hotplug: (memblock, a, b) => memblock.markHotplug(a, b),
  clear_hotplug: (memblock, a, b) => memblock.clearHotplug(a, b),
  trim: (memblock, a) => memblock.trimMemory(a),
};

/** Runs one operation; returns an address, or 0 where the kernel's function has no other result. */
function apply(memblock: Memblock, [name, ...values]: Operation): number {
  const run = OPERATIONS[name];
  if (run === undefined) throw new Error(`unknown operation ${name}`);
  const result = run(memblock, ...(values.map(numberOf) as [number, number, number, number]));
  return typeof result === "number" ? result : 0;
}

/** Regions as a recording prints them. "No node" is -1 or the number of nodes, by how the bench was built. */
function printed(type: MemblockType, recorded: readonly RecordedRegion[]): string {
  return JSON.stringify(
    type.regions.map(({ base, size, flags, nid }, index) => [
      base.toString(16),
      size.toString(16),
      flags,
      nid === MAX_NUMNODES ? (recorded[index]?.[3] === -1 ? -1 : NO_NODE_OF_BENCH) : nid,
    ]),
  );
}

/** MAX_NUMNODES of the bench with NUMA. */
const NO_NODE_OF_BENCH = 16;

/** Compares what every operation returns, and after each sequence both arrays and the totals. */
export function compareMemblockVectors(sequences: readonly Sequence[]): Comparison {
  const tally = new Tally();
  for (const sequence of sequences) {
    const memblock = new Memblock();
    const compare = (what: string, expected: string, found: string): void =>
      tally.same(expected, found, `sequence ${sequence.id}: ${what}`, tally.compared + 1);
    sequence.ops.forEach((operation, index) => {
      const expected = numberOf(operation.at(-1)!).toString(16);
      compare(`operation ${index} ${operation.join(" ")}`, expected, apply(memblock, operation).toString(16));
    });
    const { memory, reserved } = sequence;
    compare("memory", JSON.stringify(memory), printed(memblock.memory, memory));
    compare("reserved", JSON.stringify(reserved), printed(memblock.reserved, reserved));
    compare("memory size", sequence.phys_mem_size, memblock.physMemSize().toString(16));
    compare("reserved size", sequence.reserved_size, memblock.reservedSize().toString(16));
    compare("start", sequence.start, memblock.startOfDram().toString(16));
    compare("end", sequence.end, memblock.endOfDram().toString(16));
  }
  return tally;
}
