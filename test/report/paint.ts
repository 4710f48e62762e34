import { PAGE_WIDTH, type Paint, type TextRole } from "../../src/report/paint.js";

/** A paint of a test's own, for lines of some width. */
export function paintWith(
  change: (role: TextRole, text: string) => string,
  width: number = PAGE_WIDTH,
): Paint {
  return Object.assign(change, { width });
}

/** As a terminal in which nothing of a usual report has to give way. */
export const wide: Paint = paintWith((_role, text) => text, 110);
