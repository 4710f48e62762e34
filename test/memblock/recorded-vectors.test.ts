import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { MAX_NUMNODES, type MemblockType } from "../../src/memblock/regions.js";

/*
 * 2 x 120 random operation sequences that Linux 6.12.107's own mm/memblock.c ran in its
 * user-space test bench (workloads/memblock/README.md). Every returned value and the final
 * regions must be the same.
 */

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

function readSequences(name: string): readonly Sequence[] {
  const file = new URL(`../../workloads/memblock/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()).sequences;
}

/** Addresses and sizes are hexadecimal strings, node numbers and switches plain integers. */
function bytes(value: string | number): number {
  return typeof value === "string" ? Number.parseInt(value, 16) : value;
}

/** Runs one operation and returns what the kernel's function returned: 0 or an address. */
function apply(memblock: Memblock, [name, ...values]: Operation): number {
  const [a, b, c, d] = values.map(bytes) as [number, number, number, number];
  switch (name) {
    case "add":
      memblock.add(a, b);
      return 0;
    case "add_node":
      memblock.addNode(a, b, c);
      return 0;
    case "remove":
      memblock.remove(a, b);
      return 0;
    case "reserve":
      memblock.reserve(a, b);
      return 0;
    case "free":
      memblock.free(a, b);
      return 0;
    case "alloc_range":
      return memblock.physAllocRange(a, b, c, d);
    case "alloc_try_nid":
      return memblock.physAllocTryNid(a, b, c);
    case "bottom_up":
      memblock.bottomUp = a === 1;
      return 0;
    case "current_limit":
      memblock.currentLimit = a;
      return 0;
    case "mark_nomap":
      memblock.markNomap(a, b);
      return 0;
    case "clear_nomap":
      memblock.clearNomap(a, b);
      return 0;
    case "mark_hotplug":
      memblock.markHotplug(a, b);
      return 0;
    case "clear_hotplug":
      memblock.clearHotplug(a, b);
      return 0;
    case "trim":
      memblock.trimMemory(a);
      return 0;
    default:
      throw new Error(`unknown operation ${name}`);
  }
}

/** Regions as the recording prints them; "no node" is `noNode` there. */
function printed(type: MemblockType, noNode: number): RecordedRegion[] {
  return type.regions.map((region) => [
    region.base.toString(16),
    region.size.toString(16),
    region.flags,
    region.nid === MAX_NUMNODES ? noNode : region.nid,
  ]);
}

for (const [file, noNode] of [
  ["memblock-vectors", -1],
  ["memblock-vectors-numa", 16],
] as const) {
  const test = suite(`memblock: recorded ${file}`);
  const sequences = readSequences(file);

  test("there are 120 sequences", () => {
    assert.is(sequences.length, 120);
  });

  for (const sequence of sequences) {
    test(`sequence ${sequence.id}`, () => {
      const memblock = new Memblock();
      sequence.ops.forEach((operation, index) => {
        const expected = bytes(operation.at(-1)!);
        const actual = apply(memblock, operation);
        if (actual !== expected) {
          assert.unreachable(`operation ${index} ${operation.join(" ")}: got 0x${actual.toString(16)}`);
        }
      });
      assert.equal(printed(memblock.memory, noNode), sequence.memory);
      assert.equal(printed(memblock.reserved, noNode), sequence.reserved);
      assert.is(memblock.physMemSize().toString(16), sequence.phys_mem_size);
      assert.is(memblock.reservedSize().toString(16), sequence.reserved_size);
      assert.is(memblock.startOfDram().toString(16), sequence.start);
      assert.is(memblock.endOfDram().toString(16), sequence.end);
    });
  }

  test.run();
}
