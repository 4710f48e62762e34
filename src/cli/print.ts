/** The one way to a terminal. */

import { printableLines } from "../printable.js";
import type { OutputStream } from "./context.js";

/**
 * Writes lines of which nothing steers a terminal but, on one, the colours of `paintFor`.
 *
 * @returns whether the stream takes more without waiting
 */
export function print(stream: OutputStream, text: string): boolean {
  return stream.write(printableLines(text, stream.isTTY === true));
}
