/** A recording's directory on disk. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { RecordingError, type RecordingFiles } from "../study/verify/recording-files.js";
import { gunzipWhole } from "./gzip.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/** @throws UsageError when the directory cannot be read */
export function openRecording(directory: string): RecordingFiles {
  let stored: ReadonlySet<string>;
  try {
    stored = new Set(readdirSync(directory));
  } catch (error) {
    throw new UsageError(`${directory}: cannot read this directory: ${systemErrorText(error)}`);
  }
  return {
    name: basename(resolve(directory)),
    list: () => [...new Set([...stored].map((name) => name.replace(/\.gz$/, "")))].sort(),
    read: (name) => {
      if (stored.has(name)) return readFileSync(join(directory, name));
      if (!stored.has(`${name}.gz`)) return undefined;
      const path = join(directory, `${name}.gz`);
      const packed = readFileSync(path);
      try {
        return gunzipWhole(path, packed);
      } catch {
        throw new RecordingError(`${directory}/${name}.gz: cannot be unpacked: damaged or cut short`);
      }
    },
  };
}
