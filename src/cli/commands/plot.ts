/** `unaccepted plot FILE -o PICTURE.svg`: results as a picture. */

import {
  COLOURS,
  isDrawn,
  numericCurve,
  type PlotRow,
  type PlotTuning,
  paretoSpec,
  renderSvg,
  THEMES,
  type Theme,
  tuneSpec,
} from "../../report/plot.js";
import { parseResults } from "../../results/read.js";
import type { RunCommand } from "../arguments.js";
import { readInputText } from "../input-file.js";
import { print } from "../io.js";
import { writeWhole } from "../output-file.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async (argv, { io }) => {
  const given = argv.one("theme") ?? "light";
  const theme = THEMES.find((name) => name === given);
  if (theme === undefined) throw new UsageError(`--theme ${given}: expected ${THEMES.join(" or ")}`);
  const svg = await renderSvg(specOf(argv.files, theme), theme);
  const output = argv.one("output")!;
  writeWhole(output, svg);
  print(io.stderr, `wrote ${output}\n`);
  return 0;
};

/** @throws UsageError for a file that is neither of the two, or has nothing to draw */
function specOf(paths: readonly string[], theme: Theme): object {
  const documents = paths.map((path) => parseResults(readInputText(path), path));
  const [first] = paths;
  const isRows = documents.map(({ rows }) => Array.isArray(rows));
  if (isRows.every(Boolean)) {
    const rows = documents.flatMap((document) => document.rows as PlotRow[]);
    if (!rows.some(isDrawn)) throw nothingIn(first!, "no run in it got ready without a problem");
    return paretoSpec(rows, COLOURS[theme]);
  }
  const guests = documents.flatMap((document, at) => {
    const own = document.guests ?? [document];
    if (isRows[at] === false && Array.isArray(own) && own.every(hasCurves)) return own;
    throw nothingIn(paths[at]!, "expected the JSON of compare (rows) or of tune (guests, curves)");
  });
  if (!guests.some((guest) => numericCurve(guest) !== undefined)) {
    throw nothingIn(first!, "no knob in it has numbers for values and got ready");
  }
  return tuneSpec(guests, COLOURS[theme]);
}

function hasCurves(guest: unknown): guest is PlotTuning {
  return Array.isArray((guest as Partial<PlotTuning> | null)?.curves);
}

function nothingIn(path: string, why: string): UsageError {
  return new UsageError(`${path}: ${why}`);
}
