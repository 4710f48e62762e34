/** Recordings that are verified, here or on a thread of the pool. */

import { RecordingError } from "../../verify/recording-files.js";
import type { VerifiedRecording } from "../../verify/result.js";
import { verifyRecording } from "../../verify/verify.js";
import { openRecording } from "../load-recording.js";
import { UsageError } from "../usage-error.js";
import type { Job } from "./threads.js";

export const VERIFYING: Job<"verify"> = { kind: "verify", here: verifyDirectory, data: () => undefined };

export function beginVerifying(): (directory: string) => VerifiedRecording {
  return verifyDirectory;
}

/** @throws UsageError */
function verifyDirectory(directory: string): VerifiedRecording {
  try {
    return verifyRecording(openRecording(directory));
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message);
    throw error;
  }
}
