import { kernelName } from "../../src/linux/kernel-rules.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { machineKeys } from "../../src/x86/machine-keys.js";
import { memoryOfMap } from "../../src/x86/memory-map.js";

/** A scenario file in which the machine and the kernel of a boot log boot again. */
function scenarioTextOf(log: string, more: object = {}): string {
  const { memoryMap, numa, handOver, commandLine, possibleCpus } = machineKeys(log)!;
  const kernel = kernelName(/Linux version \S+/.exec(log)![0])!;
  return JSON.stringify({
    name: "log",
    workload: "workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml",
    platform: "none",
    policy: log.includes("accept_memory=eager") ? "eager" : "lazy",
    kernel,
    memory: memoryOfMap(memoryMap),
    vcpus: possibleCpus,
    memoryMap,
    numa,
    handOver,
    guest: {
      commandLine,
      ...(kernel.includes("cloud") ? {} : { kernelBuild: kernel }),
      ...(log.includes("transparent_hugepage=never") ? { transparentHugePages: false } : {}),
    },
    ...more,
  });
}

export function scenarioOf(log: string, more: object = {}): Scenario {
  const [scenario] = parseScenario(scenarioTextOf(log, more), "log");
  return scenario!;
}
