import { RecordingError, type RecordingFiles } from "./recording-files.js";

/**
 * Lets the model repeat what a recording says. Its own checks fail when the recording lies in a way that
 * nothing before has noticed: that is the recording's fault, and one line.
 *
 * @throws RecordingError with the model's words
 */
export function followed<T>({ name }: RecordingFiles, repeat: () => T): T {
  try {
    return repeat();
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new RecordingError(`${name}: expected a machine that the model can follow, found: ${message}`, {
      cause: error,
    });
  }
}
