import { type RecordingFiles, readText } from "./recording-files.js";

/**
 * Names of all recorded workloads, in alphabetical order: those that any file is of, so that one of
 * which the log is missing is not passed over.
 */
export function workloadNames(files: RecordingFiles): string[] {
  const names = files.list().flatMap((name) => /^wl-(.+)\.(?:lablog|snap[AB]|trace)$/.exec(name)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/**
 * The workloads in the order in which they ran. The guest's own count of page faults tells: it only
 * grows, from boot on, and was read after each workload. The list on the kernel's command line has
 * other names in it than the files. Workloads without that count are left out, as nobody knows when
 * they ran.
 */
export function workloadsInOrder(files: RecordingFiles): string[] {
  return workloadNames(files)
    .flatMap((name) => {
      const faults = /^pgfault (\d+)$/m.exec(readText(files, `post-${name}.vmstat`) ?? "")?.[1];
      return faults === undefined ? [] : [{ name, faults: Number(faults) }];
    })
    .sort((a, b) => a.faults - b.faults)
    .map(({ name }) => name);
}
