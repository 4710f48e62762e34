import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, MiB, PAGE_SIZE, TiB } from "../../units.js";
import { Heap } from "../heap.js";
import { count, type GeneratorEntry, generator, share, size } from "./generator.js";
import { FREE_NS, USER_PAGE } from "./user-memory.js";

/** Orders of the unmovable: one of each 2^(order+1), as buffers of the kernel are; an assumption. */
const ORDERS = 5;
/** Work between two operations; an assumption. */
const THINK_NS = 2000;
/** Operations that a long-lived allocation outlives a short one; an assumption. */
const LONG = 50;

export const fragmentation: GeneratorEntry = generator({
  name: "fragmentation",
  summary: "mixed orders, migrate types and life times until free memory is in pieces",
  imitates:
    "What fragments memory, as mmtests' stress-highalloc and the long-running benchmark of LLFree (USENIX ATC " +
    "2023) do it: a machine kept at a fill level while blocks of several orders and migrate types come and go, " +
    "a part of them for long. Orders, types and life times are assumptions, and uniform in time, which real " +
    "ones are not.",
  parameters: {
    size: size("bytes in use when it has filled up", GiB, MiB, 64 * TiB),
    operations: count("allocations", 500_000, 1, 1_000_000_000),
    unmovable: share("share of allocations by the kernel, of order 0 to 4", 0.2),
    reclaimable: share("share of allocations by caches that can shrink, of order 0 to 4", 0.1),
    longLived: share("share that lives 50 times as long as the others", 0.1),
  },

  *requests({ size: bytes, operations, unmovable, reclaimable, longLived }, { vcpus }, writer, random) {
    const target = bytes / PAGE_SIZE;
    // By the operation at which each is freed: ORDERS * handle + order.
    const deaths = new Heap();
    let live = 0;
    for (let done = 0; done < operations; done++) {
      const cpu = random.below(vcpus);
      while (deaths.firstKey <= done || live > target) {
        const freed = deaths.pop();
        const order = freed % ORDERS;
        writer.free(cpu, (freed - order) / ORDERS, order, FREE_NS);
        live -= 2 ** order;
      }
      const kind = random.next();
      let order = 0;
      let gfp = USER_PAGE;
      if (kind < unmovable + reclaimable) {
        while (order < ORDERS - 1 && random.next() < 0.5) order++;
        const comp = order > 0 ? Gfp.COMP : 0;
        gfp = (kind < unmovable ? GfpMask.KERNEL : GfpMask.KERNEL | Gfp.RECLAIMABLE) | comp | Gfp.NORETRY;
      }
      // Short ones live for as long as it takes to turn over the short-lived half.
      const mean = (target / 2) * (random.next() < longLived ? LONG : 1);
      const handle = writer.alloc(cpu, order, gfp, THINK_NS);
      live += 2 ** order;
      deaths.push(ORDERS * handle + order, done + 1 + random.exponential(mean));
      yield;
    }
  },
});
