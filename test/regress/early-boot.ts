import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { type Kernel, startKernel } from "../../src/guest/kernel.js";
import { DEBIAN_CLOUD_6_12_95, type KernelBuild } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { GiB } from "../../src/units.js";
import type { EarlyMachine } from "../../src/x86/early-machine.js";
import { type LoggedBoot, loggedBoot, plainMachine, runTo } from "../guest/machines.js";

/** Runs early boot up to a step under the rules of a release, which differ in nothing but these. */
export function bootTo(
  kernel: string,
  step: string,
  changes: Partial<EarlyMachine> = {},
  build: KernelBuild = DEBIAN_CLOUD_6_12_95,
): LoggedBoot {
  return runTo(loggedBoot(plainMachine(6 * GiB, changes), build, kernelRules(kernel)), step);
}

/** The requests that `memblock=debug` shows of it: function, bytes and limits. */
export function requestsIn({ lines }: LoggedBoot): string[] {
  return lines.filter((line) => line.includes(" bytes align="));
}

/** A kernel that has its page allocator; all memory is accepted. */
export function startedKernel(kernel: string, changes: Partial<EarlyMachine> = {}): Kernel {
  return startKernel({
    machine: plainMachine(6 * GiB, changes),
    build: DEBIAN_CLOUD_6_12_95,
    rules: kernelRules(kernel),
    acceptance: new AcceptMemory(undefined, { acceptMemory: () => {} }),
    lazy: true,
    clock: new GuestClock(new VirtualCpus(1), new CostLedger()),
  });
}
