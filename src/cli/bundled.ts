/** Files that come with the program in the package's `workloads`: scenarios and studies by name, and recordings. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearestName } from "../nearest-name.js";
import { formatVcpus } from "../report/cells.js";
import type { BundledTrace } from "../report/lists.js";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import { formatBytes } from "../units.js";
import { beginsAfterBoot } from "../workload/after-boot.js";
import { type Recording, recordingSchema } from "../workload/recording.js";
import { STANDARD_BOOT_PATH } from "../workload-files/assemble.js";
import { UsageError } from "./usage-error.js";
import { PACKAGE } from "./version.js";

const SCENARIOS = "workloads/";
const STUDIES = "workloads/studies/";
const PRICES = "workloads/prices/";
const EXTENSION = ".yaml";
const RECORDED = "workloads/recorded/";
const DESCRIPTION = "recording.yaml";
const TRACE_FILE = /\.trace(?:\.gz|\.zst)?$/;

/** The boot that comes before a trace that shows none; a path to its description. */
export const STANDARD_BOOT: string = fileURLToPath(new URL(`workloads/${STANDARD_BOOT_PATH}`, PACKAGE));

/** Its name, as files and flags have it. */
export const STANDARD_WORKLOAD: string = basename(dirname(STANDARD_BOOT));

/** The boot that prices were calibrated with: published numbers are simulated with it, whatever the standard one is. */
export const CALIBRATED_BOOT: string = recordedPath("linux-6.12.95-1c4g");

function recordedPath(name: string): string {
  return fileURLToPath(new URL(`${RECORDED}${name}/${DESCRIPTION}`, PACKAGE));
}

/** Path of the description of a bundled workload, by the name of its directory; undefined if there is none. */
export function bundledWorkload(name: string): string | undefined {
  if (!/^[\w.-]+$/.test(name)) return undefined;
  const description = new URL(`${RECORDED}${name}/${DESCRIPTION}`, PACKAGE);
  return existsSync(description) ? fileURLToPath(description) : undefined;
}

/** Path of the trace of a bundled workload, by the same name; undefined if there is none. */
export function bundledTrace(name: string): string | undefined {
  const description = bundledWorkload(name);
  if (description === undefined) return undefined;
  return join(dirname(description), describedBy(`${RECORDED}${name}/${DESCRIPTION}`).trace.file);
}

export function bundledWorkloadNames(): string[] {
  return bundledRecordingNames().filter((name) => bundledWorkload(name) !== undefined);
}

/** Directories of recordings, with a workload or without. */
export function bundledRecordingNames(): string[] {
  return readdirSync(new URL(RECORDED, PACKAGE), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The task of the recorded guest after its boot, on its kernel's command line. */
const WORKLOAD_WORD = /(?:^| )workload=(\S+)/;

export function bundledTraces(): BundledTrace[] {
  return bundledRecordingNames().flatMap((name) => {
    const directory = `${RECORDED}${name}/`;
    const description = `${directory}${DESCRIPTION}`;
    const recording = existsSync(new URL(description, PACKAGE)) ? describedBy(description) : undefined;
    const files = readdirSync(new URL(directory, PACKAGE)).sort();
    return files
      .filter((file) => TRACE_FILE.test(file) || file === recording?.trace.file)
      .map((file) => {
        const isDescribed = file === recording?.trace.file;
        return {
          path: isDescribed ? description : `${directory}${file}`,
          sizeBytes: statSync(new URL(`${directory}${file}`, PACKAGE)).size,
          origin: recording === undefined ? directory.slice(RECORDED.length, -1) : originOf(recording),
          about: isDescribed ? aboutOf(recording) : `${file.replace(TRACE_FILE, "")}, on the same machine`,
        };
      });
  });
}

function describedBy(path: string): Recording {
  return parseYamlWithPositions(readFileSync(new URL(path, PACKAGE), "utf8"), path, recordingSchema);
}

function originOf({ kernel, machine }: Recording): string {
  const nodes = machine.nodes > 1 ? [`${machine.nodes} nodes`] : [];
  return [`Linux ${kernel}`, formatBytes(machine.memoryBytes), formatVcpus(machine.vcpus), ...nodes].join(
    ", ",
  );
}

function aboutOf(recording: Recording): string {
  const { machine, kernel } = recording.command;
  if (beginsAfterBoot(recording)) return `after boot: ${machine}`;
  if (recording.milestones.ready === undefined) return "part of a boot";
  const workload = WORKLOAD_WORD.exec(kernel)?.[1];
  return workload === undefined ? "boot, to the first command of init" : `boot, then ${workload}`;
}

/**
 * @param text a path, or the name of a bundled scenario such as `boot`; a file that is there goes before
 * @throws UsageError for what is neither, where a bundled name is near
 */
export function scenarioPath(text: string): string {
  return pathOrBundled(text, SCENARIOS);
}

/** Text of a scenario of the package, whatever lies in the working directory. */
export function bundledScenarioText(name: string): string {
  return readFileSync(new URL(`${SCENARIOS}${name}${EXTENSION}`, PACKAGE), "utf8");
}

/** Names that stand for the scenarios of the package. */
export function bundledScenarioNames(): string[] {
  return namesIn(SCENARIOS);
}

export function bundledStudyNames(): string[] {
  return namesIn(STUDIES);
}

/** Names of the prices of machines that come with the program. */
export function bundledPriceNames(): string[] {
  return namesIn(PRICES);
}

/** Path of such prices; undefined if there are none of that name. */
export function bundledPrices(name: string): string | undefined {
  return bundledPriceNames().includes(name)
    ? fileURLToPath(new URL(`${PRICES}${name}${EXTENSION}`, PACKAGE))
    : undefined;
}

/** The same for a study, such as `short`. @throws UsageError */
export function studyPath(text: string): string {
  return pathOrBundled(text, STUDIES);
}

function pathOrBundled(text: string, folder: string): string {
  if (!/^[\w-]+$/.test(text) || statSync(text, { throwIfNoEntry: false })?.isFile() === true) return text;
  const bundled = new URL(`${folder}${text}${EXTENSION}`, PACKAGE);
  if (existsSync(bundled)) return fileURLToPath(bundled);
  const nearest = existsSync(text) ? undefined : nearestName(text, namesIn(folder));
  if (nearest === undefined) return text;
  throw new UsageError(`${text}: no such file or directory, did you mean ${nearest}?`);
}

function namesIn(folder: string): string[] {
  return readdirSync(new URL(folder, PACKAGE))
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}
