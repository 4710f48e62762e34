import { TemporaryFileGone } from "../output-file.js";

/** More than the processes that start in a directory while one file is written there. */
const MOST_TRIES = 100;

/**
 * Writes a file of a directory that many processes share; again where one that starts has taken its
 * temporary file for that of a process that was killed.
 *
 * @throws what `write` throws
 */
export async function again<T>(write: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof TemporaryFileGone) || tries === MOST_TRIES) throw error;
    }
  }
}
