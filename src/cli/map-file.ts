/** The file of `--map`. */

import { formatMemoryMap } from "../memory-map/format.js";
import { MapRecorder } from "../memory-map/map-recorder.js";
import { isExact } from "../memory-map/memory-map.js";
import type { RunResult } from "../results/row.js";
import { formatBytes, formatDuration } from "../units.js";
import { checkWritable, writeWhole } from "./output-file.js";
import { UsageError } from "./usage-error.js";

export interface MapFile {
  readonly recorder: MapRecorder;
  /** @returns what to tell of it, in a line @throws UsageError where the file cannot be written */
  write(row: RunResult): string;
}

/** @throws UsageError for a name without the ending of its format, and where no file can be made */
export function mapFile(path: string): MapFile {
  if (!path.endsWith(".json")) throw new UsageError(`--map ${path}: expected a name that ends in .json`);
  checkWritable(path);
  const recorder = new MapRecorder();
  return {
    recorder,
    write(row) {
      const map = recorder.map(row);
      writeWhole(path, formatMemoryMap(map));
      const { grainBytes, grainNs, acceptsTotal, acceptsEvery } = map;
      const merged = isExact(map)
        ? ""
        : `, areas widened by up to ${formatBytes(grainBytes)} and ${formatDuration(grainNs)} to join them`;
      const thinned = acceptsEvery > 1 ? `, one of ${acceptsEvery} accepts of ${acceptsTotal}` : "";
      return `wrote ${path}${merged}${thinned}\n`;
    },
  };
}
