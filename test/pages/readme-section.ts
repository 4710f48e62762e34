/** The part of `workloads/README.md` that is made from the program, and the rest that is not. */

import { readFileSync } from "node:fs";

/** The file, relative to the repository. */
export const README = "workloads/README.md";

const START = "<!-- From here on made by `npm run -s reference`. -->\n";
const END = "<!-- To here. -->\n";

/** The text of the file with another section. */
export function withSection(section: string): string {
  const text = readFileSync(README, "utf8");
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start)
    throw new Error(`${README}: expected ${START.trim()} and ${END.trim()} behind it`);
  return `${text.slice(0, start)}${START}\n${section}\n${text.slice(end)}`;
}
