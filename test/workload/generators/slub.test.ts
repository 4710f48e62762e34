import { suite } from "uvu";
import * as assert from "uvu/assert";
import { objectsPerSlab, pagesOrder, slabOrder } from "../../../src/workload/generators/slub.js";

const test = suite("workload: orders of slabs");

/** /proc/slabinfo of Debian's 6.12.95 kernel, with 1 and with 2 CPUs: objects and pages of a slab. */
const SLABINFO: readonly (readonly [name: string, bytes: number, one: string, two: string])[] = [
  ["kmalloc-8", 8, "512/1", "512/1"],
  ["kmalloc-64", 64, "64/1", "64/1"],
  ["kernfs_node_cache", 136, "30/1", "30/1"],
  ["dentry", 192, "21/1", "21/1"],
  ["kmalloc-256", 256, "16/1", "16/1"],
  ["kmalloc-512", 512, "8/1", "16/2"],
  ["radix_tree_node", 584, "14/2", "14/2"],
  ["inode_cache", 632, "25/4", "25/4"],
  ["tracefs_inode_cache", 664, "12/2", "12/2"],
  ["proc_inode_cache", 704, "11/2", "23/4"],
  ["shmem_inode_cache", 760, "21/4", "21/4"],
  ["sock_inode_cache", 832, "19/4", "19/4"],
  ["mqueue_inode_cache", 960, "8/2", "17/4"],
  ["kmalloc-1k", 1024, "8/2", "16/4"],
  ["signal_cache", 1152, "14/4", "14/4"],
  ["RAWv6", 1216, "13/4", "13/4"],
  ["mm_struct", 1408, "11/4", "23/8"],
  ["bdev_cache", 1600, "10/4", "20/8"],
  ["kmalloc-2k", 2048, "8/4", "16/8"],
  ["sighand_cache", 2112, "15/8", "15/8"],
  ["kmalloc-4k", 4096, "8/8", "8/8"],
  ["kmalloc-8k", 8192, "4/8", "4/8"],
  ["task_struct", 8448, "3/8", "3/8"],
];

for (const [name, bytes, one, two] of SLABINFO) {
  test(`${name}, as a kernel with 1 CPU and with 2 chose it`, () => {
    const slab = (cpus: number): string => {
      const order = slabOrder(bytes, cpus);
      return `${objectsPerSlab(bytes, order)}/${2 ** order}`;
    };
    assert.equal([slab(1), slab(2)], [one, two]);
  });
}

test("no slab is larger than 8 pages while an object fits, whatever the number of CPUs", () => {
  for (const cpus of [1, 3, 8, 64, 248, 1024]) {
    for (let bytes = 8; bytes <= 32768; bytes += 8) {
      const order = slabOrder(bytes, cpus);
      assert.ok(order <= 3 && objectsPerSlab(bytes, order) >= 1, `${bytes} bytes, ${cpus} CPUs: ${order}`);
    }
  }
});

test("get_order", () => {
  assert.equal([1, 4096, 4097, 8192, 8193, 4 * 2 ** 20].map(pagesOrder), [0, 0, 1, 1, 2, 10]);
});

test.run();
