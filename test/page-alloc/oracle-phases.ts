import type { Random } from "./oracle-random.js";
import type { OracleRules } from "./oracle-rules.js";

/** Kinds of load for the comparison with the naive model. */

/** What requests ask for: bits of gfp and, beside them, what they stand for. The first four are the common ones. */
const REQUESTS = [
  0xcc0, // GFP_KERNEL
  0x100cca, // GFP_HIGHUSER_MOVABLE
  0xcd0, // GFP_KERNEL | __GFP_RECLAIMABLE
  0x820, // GFP_ATOMIC
  0x2800, // GFP_NOWAIT
  0, // GFP_KERNEL early in boot
  0xcc8, // GFP_KERNEL | __GFP_MOVABLE
  0x100cc2, // GFP_HIGHUSER
  0xcc1, // GFP_KERNEL | GFP_DMA
  0xcc4, // GFP_KERNEL | GFP_DMA32
  0x8cc0, // GFP_KERNEL | __GFP_NOFAIL
  0x20cc0, // GFP_KERNEL | __GFP_MEMALLOC
  0x20820, // GFP_ATOMIC | __GFP_MEMALLOC
  0xa0820, // GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC
  0x80820, // GFP_ATOMIC | __GFP_NOMEMALLOC
  0x200cc0, // GFP_KERNEL | __GFP_THISNODE
  0x300cca, // GFP_HIGHUSER_MOVABLE | __GFP_THISNODE
  0x1c20ca, // GFP_TRANSHUGE_LIGHT
  0x1c24ca, // GFP_TRANSHUGE
  0x3d24ca, // GFP_TRANSHUGE | __GFP_NORETRY | __GFP_THISNODE
  0xce0, // GFP_KERNEL | __GFP_HIGH
  0x830, // GFP_ATOMIC | __GFP_RECLAIMABLE
  0x82a, // GFP_ATOMIC for movable memory
  0x2082a, // the same | __GFP_MEMALLOC
  0x108cca, // GFP_HIGHUSER_MOVABLE | __GFP_NOFAIL
];

const SMALL_ORDERS = [0, 0, 0, 0, 0, 0, 1, 1, 2, 3];
const ANY_ORDERS = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const LARGE_ORDERS = [8, 9, 10, 10, 10];

/** For a while the requests are of the same kind. */
export interface Phase {
  allocatePercent: number;
  orders: readonly number[];
  requests: readonly number[];
  cpus: readonly number[];
  splitPercent: number;
  left: number;
}

export type HowToFree = "as usual" | "past the lists" | "without locks" | "put off" | "lists lost";

export function randomFree(random: Random, rules: OracleRules): HowToFree {
  const dice = random.below(100);
  if (dice < 2) return "past the lists";
  if (dice < 4) return rules.knowsNolock ? "without locks" : "as usual";
  if (dice < 6) return rules.knowsNolock ? "put off" : "as usual";
  return dice < 12 && rules.drainsByBatches ? "lists lost" : "as usual";
}

export function randomPhase(random: Random, cpuCount: number): Phase {
  const cpus = Array.from({ length: cpuCount }, (_, cpu) => cpu);
  const theme = random.pick(["mixed", "mixed", "mixed", "fill", "exhaust", "atomic", "atomic"]);
  const orders = [[0], [0], SMALL_ORDERS, SMALL_ORDERS, ANY_ORDERS, LARGE_ORDERS, [random.below(11)]];
  const requests = Array.from({ length: random.between(1, 5) }, () =>
    random.chance(50) ? random.pick(REQUESTS.slice(0, 4)) : random.pick(REQUESTS),
  );
  const phase: Phase = {
    allocatePercent: random.pick([10, 30, 45, 50, 55, 70, 95]),
    orders: random.pick(orders),
    requests,
    cpus: random.chance(50) ? cpus : [random.pick(cpus)],
    splitPercent: random.chance(30) ? 30 : 0,
    left: random.pick([20, 100, 300, 800]),
  };
  if (theme === "fill") return { ...phase, allocatePercent: 98, orders: LARGE_ORDERS };
  if (theme === "exhaust") return { ...phase, allocatePercent: 98, orders: SMALL_ORDERS };
  if (theme === "atomic") {
    return {
      ...phase,
      orders: random.pick([LARGE_ORDERS, [1, 2, 3], [3, 4, 5, 6]]),
      requests: [0x820, 0xcc0],
    };
  }
  return phase;
}
