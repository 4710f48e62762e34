import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { AcceptMeter } from "../../src/accept/accept-meter.js";
import { KernelAccept, LockupDetector } from "../../src/accept/kernel-accept.js";
import { PlainPlatform } from "../../src/coco/none.js";
import type { CocoPlatform } from "../../src/coco/platform.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import type { AcceptRules } from "../../src/linux/rules.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPhys, GiB, MiB } from "../../src/units.js";

const UNITS = 1024;
const UNIT = 2 * MiB;

/** CPUs that accept under one kernel's rules; accepting a unit takes `unitNs`. */
export interface AcceptingMachine {
  readonly lockups: LockupDetector;
  readonly kernelAccept: KernelAccept;
  /** Has a CPU accept a block of 4 MiB from its own time on; when it ends, in nanoseconds. */
  readonly accept: (cpu: number, block: number) => number;
  /** The same for so many units, without the guard, which comes by itself. */
  readonly acceptUnits: (cpu: number, first: number, count: number) => number;
  readonly acceptedUnits: () => number;
}

/** 2 GiB of unaccepted memory from 4 GiB on. */
export function acceptingMachine(rules: AcceptRules, cpuCount: number, unitNs: number): AcceptingMachine {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  ns[CostEvent.tdcall] = unitNs;
  const ledger = new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
  const clock = new GuestClock(new VirtualCpus(cpuCount), ledger);
  clock.idle.online = cpuCount;
  const platform: CocoPlatform = Object.assign(new PlainPlatform(), {
    kernelAccept: (start: number, end: number) => ledger.charge(CostEvent.tdcall, (end - start) / UNIT),
  });
  const lockups = new LockupDetector(cpuCount);
  lockups.interruptsOn = true;
  lockups.watching = true;
  const kernelAccept = new KernelAccept(new AcceptMeter(platform, clock, {}), clock, lockups, rules);
  const table = new UnacceptedTable(4 * GiB, UNITS / 8);
  table.setRange(0, UNITS);
  const memory = new AcceptMemory(table, kernelAccept, kernelAccept);
  const acceptUnits = (cpu: number, first: number, count: number): number => {
    clock.begin(cpu);
    memory.acceptMemory(asPhys(4 * GiB + first * UNIT), count * UNIT);
    clock.settle(cpu);
    return clock.cpus.timeNs[cpu]!;
  };
  return {
    lockups,
    kernelAccept,
    accept: (cpu, block) => acceptUnits(cpu, block * 2, 2),
    acceptUnits,
    acceptedUnits: () => UNITS - table.countSet(),
  };
}
