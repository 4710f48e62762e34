import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";

const test = suite("memblock: memblock=debug lines");

function collect(): { memblock: Memblock; lines: string[] } {
  const lines: string[] = [];
  const memblock = new Memblock({
    debug: (line) => {
      lines.push(line);
    },
  });
  return { memblock, lines };
}

test("ends are printed inclusive", () => {
  const { memblock, lines } = collect();
  memblock.add(0x1000, 0x9ec00);
  memblock.addNode(0x100000, 0x1000, 1, 1);
  memblock.reserve(0, 0x1000);
  memblock.free(0, 0x800);
  memblock.remove(0x1000, 0x1000);
  assert.equal(lines, [
    "memblock_add: [0x0000000000001000-0x000000000009fbff]",
    "memblock_add_node: [0x0000000000100000-0x0000000000100fff] nid=1 flags=1",
    "memblock_reserve: [0x0000000000000000-0x0000000000000fff]",
    "memblock_phys_free: [0x0000000000000000-0x00000000000007ff]",
    "memblock_remove: [0x0000000000001000-0x0000000000001fff]",
  ]);
});

test("an allocation prints its request, then what it reserves", () => {
  const { memblock, lines } = collect();
  memblock.add(0x100000, 0x100000);
  memblock.allocNode(16, 64, 2);
  memblock.physAllocRange(0x1000, 0x1000, 0, 0x180000);
  assert.equal(lines.slice(1), [
    "memblock_alloc_try_nid: 16 bytes align=0x40 nid=2 from=0x0000000000000000 max_addr=0x0000000000000000",
    "memblock_reserve: [0x00000000001fffc0-0x00000000001fffcf]",
    "memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0000000000000000 max_addr=0x0000000000180000",
    "memblock_reserve: [0x000000000017f000-0x000000000017ffff]",
  ]);
});

test("the dump names nodes only where there are any", () => {
  const { memblock } = collect();
  memblock.addNode(0x1000, 0x1000, 3);
  memblock.markNomap(0x1000, 0x1000);
  memblock.reserve(0x1000, 0x10);
  assert.equal(memblock.dump(), [
    "MEMBLOCK configuration:",
    " memory size = 0x0000000000001000 reserved size = 0x0000000000000010",
    " memory.cnt  = 0x1",
    " memory[0x0]\t[0x0000000000001000-0x0000000000001fff], 0x0000000000001000 bytes on node 3 flags: 0x4",
    " reserved.cnt  = 0x1",
    " reserved[0x0]\t[0x0000000000001000-0x000000000000100f], 0x0000000000000010 bytes flags: 0x0",
  ]);
});

test.run();
