/** The file of `--timeline`. */

import { Recorder } from "../timeline/recorder.js";
import { formatTraceEvents } from "../timeline/trace-event.js";
import { formatTrackEvents } from "../timeline/track-event.js";
import { formatDuration } from "../units.js";
import { checkWritable, writeWhole } from "./output-file.js";
import { UsageError } from "./usage-error.js";

const FORMATS = { ".json": formatTraceEvents, ".pftrace": formatTrackEvents } as const;

export interface TimelineFile {
  readonly recorder: Recorder;
  /** @returns what to tell of it, in a line @throws UsageError where the file cannot be written */
  write(name: string): string;
}

/** @throws UsageError for a name without an ending that says the format, and where no file can be made */
export function timelineFile(path: string): TimelineFile {
  const ending = Object.keys(FORMATS).find((one) => path.endsWith(one)) as keyof typeof FORMATS | undefined;
  if (ending === undefined)
    throw new UsageError(`--timeline ${path}: expected a name that ends in .pftrace or .json`);
  checkWritable(path);
  const recorder = new Recorder();
  return {
    recorder,
    write(name) {
      const timeline = recorder.timeline();
      writeWhole(path, FORMATS[ending](timeline, name));
      const merged = [
        ["spans", timeline.mergedBelowNs] as const,
        ["marks of a kind", timeline.momentsMergedBelowNs] as const,
      ].flatMap(([what, ns]) => (ns === 0 ? [] : [`${what} within ${formatDuration(ns)}`]));
      const remark = merged.length === 0 ? "" : `, where ${merged.join(" and ")} are merged`;
      return `wrote ${path}${remark}\n`;
    },
  };
}
