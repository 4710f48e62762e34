/** Puts workloads together: a boot, what each further CPU asks for as it comes up, and what follows the boot. */

import {
  beginsAfterBoot,
  followingBoot,
  type LoadedWorkload,
  type RecordedRequests,
} from "../workload/after-boot.js";
import { cpuBringUp } from "../workload/cpu-bring-up.js";
import { WorkloadError } from "./workload-error.js";

/**
 * The boot in front of what is no boot, as a path from the package's `workloads`. The newest recorded kernel on
 * the smallest machine.
 */
export const STANDARD_BOOT_PATH = "recorded/linux-7.3.4-debian-1c4g/recording.yaml";

/**
 * A workload in the making: it yields the path of each recording that it needs and is to be given its requests,
 * so that those who wait for files and those who do not put workloads together in the same way.
 */
export type Assembly = Generator<string, LoadedWorkload, RecordedRequests>;

/** @param path of a description or of a trace; @param standardBoot path of the boot that goes before what is none */
export function* assembled(path: string, standardBoot: string): Assembly {
  const own = yield path;
  return beginsAfterBoot(own.recording)
    ? followingBoot(yield* booting(standardBoot), own)
    : yield* withBringUp(path, own);
}

/** The same for what a generator has made. */
export function* assembledAround(own: RecordedRequests, standardBoot: string): Assembly {
  return beginsAfterBoot(own.recording) ? followingBoot(yield* booting(standardBoot), own) : own;
}

function* booting(path: string): Assembly {
  return yield* withBringUp(path, yield path);
}

/** A recording with the requests that further CPUs of its machine would have made, taken from another one. */
function* withBringUp(path: string, own: RecordedRequests): Assembly {
  const { cpuBringUp: mentioned } = own.recording;
  if (mentioned === undefined) return own;
  const otherPath = pathFrom(path, mentioned);
  const bringUp = cpuBringUp((yield otherPath).requests);
  if (bringUp === undefined) throw new WorkloadError(`${otherPath}: has no milestones smpInit and smpDone`);
  return { ...own, bringUp };
}

/** `pathFrom("recorded/a/recording.yaml", "../b/boot.trace")` is `recorded/b/boot.trace`; the first may be an address. */
export function pathFrom(file: string, mentioned: string): string {
  const around = file.split("/").slice(0, -1);
  const parts = around.filter((part) => part !== ".");
  for (const part of mentioned.split("/").filter((one) => one !== "" && one !== ".")) {
    const last = parts.at(-1) ?? "";
    if (part === ".." && last !== "" && last !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
