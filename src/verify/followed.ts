import { RecordingError, type RecordingFiles } from "./recording-files.js";

/**
 * Lets the model repeat what a recording says. Its own checks fail when the recording lies in a way that
 * nothing before has noticed: that is the recording's fault, and one line.
 *
 * @param file that tells what to repeat
 * @throws RecordingError with the model's words
 */
export function followed<T>({ name }: RecordingFiles, file: string, repeat: () => T): T {
  try {
    return repeat();
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const expected = "what the model can follow";
    throw new RecordingError(`${name}/${file}: expected ${expected}, found: ${message}`, { cause: error });
  }
}
