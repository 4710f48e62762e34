/** Colour for people at a terminal, and for nobody else. */

import { styleText } from "node:util";
import { type Paint, plainPaint, type TextRole } from "../report/table.js";
import type { CliIo } from "./context.js";

const FORMATS = { title: "bold", failure: "red", note: "dim" } as const satisfies Record<TextRole, string>;

/** Paints if stdout is a terminal and NO_COLOR is unset or empty (https://no-color.org). */
export function paintFor(io: CliIo): Paint {
  if (io.stdout.isTTY !== true || (io.env.NO_COLOR ?? "") !== "") return plainPaint;
  // The stream has been judged above; styleText would look at the one of the process.
  return (role, text) => styleText(FORMATS[role], text, { validateStream: false });
}
