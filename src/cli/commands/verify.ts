/** `unaccepted verify RECORDING...`: recordings of real kernels against the model. */

import { formatFidelity } from "../../report/fidelity.js";
import { formatVerifyTable } from "../../report/verify.js";
import { jsonDocument } from "../../results/formats.js";
import { RecordingError } from "../../verify/recording-files.js";
import { recordingHolds, type VerifiedRecording } from "../../verify/result.js";
import { verifyRecording } from "../../verify/verify.js";
import type { RunCommand } from "../arguments.js";
import { TABLE_JSON_MD } from "../flags.js";
import { paintFor, print, throwIfInterrupted } from "../io.js";
import { openRecording } from "../load-recording.js";
import { UsageError } from "../usage-error.js";

/** @returns the exit code: 1 when something that must be the same is not */
export const run: RunCommand = async (argv, { io }) => {
  const directories = [...new Set(argv.files)];
  if (directories.length === 0) throw new UsageError("expected the directory of a recording");
  const format = argv.format(TABLE_JSON_MD);
  const recordings: VerifiedRecording[] = [];
  for (const directory of directories) {
    recordings.push(verifyDirectory(directory));
    await throwIfInterrupted(io.interrupted);
  }
  if (format === "json") print(io.stdout, jsonDocument({ recordings }));
  else if (format === "md") print(io.stdout, formatFidelity(recordings));
  else print(io.stdout, formatVerifyTable(recordings, paintFor(io)));
  return recordings.every(recordingHolds) ? 0 : 1;
};

function verifyDirectory(directory: string): VerifiedRecording {
  try {
    return verifyRecording(openRecording(directory));
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message);
    throw error;
  }
}
