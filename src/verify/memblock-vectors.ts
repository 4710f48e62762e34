import { Memblock } from "../memblock/memblock.js";
import { MAX_NUMNODES, type MemblockType } from "../memblock/regions.js";
import type { Comparison } from "./comparison.js";

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

/** Reads the text of a file of sequences that the kernel's own memblock ran in its test bench. */
export function parseMemblockVectors(text: string): readonly Sequence[] {
  const { sequences } = JSON.parse(text) as { readonly sequences?: readonly Sequence[] };
  if (!Array.isArray(sequences)) throw new Error("expected a list called sequences");
  return sequences;
}

/** Addresses and sizes are hexadecimal strings, node numbers and switches plain integers. */
function numberOf(value: string | number): number {
  return typeof value === "string" ? Number.parseInt(value, 16) : value;
}

/** Runs one operation; returns an address, or 0 where the kernel's function has no other result. */
function apply(memblock: Memblock, [name, ...values]: Operation): number {
  const [a, b, c, d] = values.map(numberOf) as [number, number, number, number];
  switch (name) {
    case "alloc_range":
      return memblock.physAllocRange(a, b, c, d);
    case "alloc_try_nid":
      return memblock.physAllocTryNid(a, b, c);
    case "add":
      memblock.add(a, b);
      break;
    case "add_node":
      memblock.addNode(a, b, c);
      break;
    case "remove":
      memblock.remove(a, b);
      break;
    case "reserve":
      memblock.reserve(a, b);
      break;
    case "free":
      memblock.free(a, b);
      break;
    case "bottom_up":
      memblock.bottomUp = a === 1;
      break;
    case "current_limit":
      memblock.currentLimit = a;
      break;
    case "mark_nomap":
      memblock.markNomap(a, b);
      break;
    case "clear_nomap":
      memblock.clearNomap(a, b);
      break;
    case "mark_hotplug":
      memblock.markHotplug(a, b);
      break;
    case "clear_hotplug":
      memblock.clearHotplug(a, b);
      break;
    case "trim":
      memblock.trimMemory(a);
      break;
    default:
      throw new Error(`unknown operation ${name}`);
  }
  return 0;
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
  const result: Comparison = { compared: 0, equal: 0 };
  for (const sequence of sequences) {
    const memblock = new Memblock();
    const compare = (what: string, expected: string, found: string): void => {
      result.compared++;
      if (expected === found) result.equal++;
      else {
        result.firstDivergence ??= {
          event: result.compared,
          expected,
          found,
          context: `sequence ${sequence.id}: ${what}`,
        };
      }
    };
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
  return result;
}
