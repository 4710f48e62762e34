import { AllocationWaits } from "../../src/accept/waits.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { Replay } from "../../src/workload/replay.js";
import type { Requests } from "../../src/workload/requests.js";
import { GFP_HIGHUSER_MOVABLE, oneZone } from "../page-alloc/machine.js";

export interface Row {
  kind: number;
  handle: number;
  order?: number;
  gfp?: number;
  cpu?: number;
  thinkNs?: number;
  offsetBytes?: number;
}

function requestsOf(rows: readonly Row[]): Requests {
  return {
    count: rows.length,
    kind: Uint8Array.from(rows, (row) => row.kind),
    order: Uint8Array.from(rows, (row) => row.order ?? 0),
    gfp: Uint32Array.from(rows, (row) => row.gfp ?? GFP_HIGHUSER_MOVABLE),
    cpu: Uint16Array.from(rows, (row) => row.cpu ?? 0),
    handle: Int32Array.from(rows, (row) => row.handle),
    offsetBytes: Float64Array.from(rows, (row) => row.offsetBytes ?? 0),
    thinkNs: Float64Array.from(rows, (row) => row.thinkNs ?? 0),
    handleCount: Math.max(0, ...rows.map((row) => row.handle + 1)),
    startNs: 0,
    thinkBeforeNs: 0,
    marks: {},
  };
}

/** Guest work costs one nanosecond each, a tdcall a thousand. */
export function setUp(
  rows: readonly Row[],
  options: {
    allocator?: PageAllocator;
    ledger?: CostLedger;
    cpus?: number;
    kernel?: string;
    timeScale?: number;
  } = {},
): { replay: Replay; clock: GuestClock; waits: AllocationWaits; allocator: PageAllocator } {
  const cpus = options.cpus ?? 1;
  const allocator = options.allocator ?? oneZone(4, { cpus });
  const clock = new GuestClock(new VirtualCpus(cpus), options.ledger ?? pricedLedger());
  const waits = new AllocationWaits();
  const replay = new Replay({
    requests: requestsOf(rows),
    allocator,
    clock,
    waits,
    vmalloc: kernelRules(options.kernel ?? "6.12").vmalloc,
    timeScale: options.timeScale ?? 1,
    cpuNodes: Array.from({ length: cpus }, () => 0),
    reserved: [undefined, { start: 0x300000, end: 0x302000 }],
  });
  return { replay, clock, waits, allocator };
}

export function pricedLedger(): CostLedger {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  ns[CostEvent.guestWork] = 1;
  ns[CostEvent.tdcall] = 1000;
  return new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
}
