/** `unaccepted plot RESULT... -o FILE.svg`: results as a picture. */

import { didYouMean } from "../../nearest-name.js";
import type { ResultDocument } from "../../report/pictures/documents.js";
import { isForOthers } from "../../report/pictures/needs.js";
import type { Drawn, Picture } from "../../report/pictures/picture.js";
import { PICTURES, picturesOf } from "../../report/pictures/pictures.js";
import { renderPng } from "../../report/pictures/png.js";
import { renderSvg, titled } from "../../report/pictures/render.js";
import { COLOURS, THEMES, type ThemeColours } from "../../report/pictures/theme.js";
import type { RunCommand } from "../arguments.js";
import { print } from "../io.js";
import { writeWhole } from "../output-file.js";
import { rasterParts } from "../raster-parts.js";
import { readResults } from "../read-results.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async (argv, { io }) => {
  const given = argv.one("theme") ?? "light";
  const theme = THEMES.find((name) => name === given);
  if (theme === undefined) throw new UsageError(`--theme ${given}: expected ${THEMES.join(" or ")}`);
  const output = argv.one("output")!;
  const format = formatOf(output);
  const colours = COLOURS[theme];
  const drawn = titled(drawnOf(readResults(argv.files), argv.one("picture"), colours));
  const svg = await renderSvg(drawn, colours);
  writeWhole(output, format === "svg" ? svg : await renderPng(svg, rasterParts()));
  print(io.stderr, `wrote ${output}\n`);
  return 0;
};

/** The ending says what is written: nobody finds SVG under a name that says PNG. */
function formatOf(path: string): "svg" | "png" {
  const [, ending] = /\.(svg|png)$/i.exec(path) ?? [];
  if (ending !== undefined) return ending.toLowerCase() as "svg" | "png";
  throw new UsageError(`-o ${path}: expected a name that ends in .svg or .png, which says what to write`);
}

/** @throws UsageError for a picture that there is not, or that these results do not have */
function drawnOf(results: readonly ResultDocument[], name: string | undefined, colours: ThemeColours): Drawn {
  const files = results.map(({ file }) => file).join(", ");
  if (name === undefined) {
    // The first that is for such results says best what they lack.
    let why: string | undefined;
    for (const picture of PICTURES) {
      const drawn = picture.draw(results, colours);
      if (typeof drawn !== "string") return withAll(picture, drawn, results, colours);
      if (!isForOthers(drawn)) why ??= drawn;
    }
    throw new UsageError(`${files}: nothing to draw: ${why ?? "no picture shows such a result"}`);
  }
  const picture = PICTURES.find((one) => one.name === name);
  if (picture === undefined) {
    const names = PICTURES.map((one) => one.name);
    throw new UsageError(`--picture ${name}: expected one of ${names.join(", ")}${didYouMean(name, names)}`);
  }
  const drawn = picture.draw(results, colours);
  if (typeof drawn !== "string") return withAll(picture, drawn, results, colours);
  const others = picturesOf(results, colours).map((one) => one.picture.name);
  const have = results.length === 1 ? "it has" : "they have";
  const has = others.length === 0 ? `${have} no other picture` : `${have} ${others.join(", ")}`;
  throw new UsageError(`--picture ${name}: ${files}: ${drawn}; ${has}`);
}

/**
 * @returns the picture
 * @throws UsageError for a result of another kind, which would have no part in the picture
 */
function withAll(
  picture: Picture,
  drawn: Drawn,
  results: readonly ResultDocument[],
  colours: ThemeColours,
): Drawn {
  if (results.length === 1) return drawn;
  for (const one of results) {
    const why = picture.draw([one], colours);
    if (typeof why === "string" && isForOthers(why))
      throw new UsageError(
        `${one.file}: has no part in the picture ${picture.name}: ${why}; plot it by itself, or use report`,
      );
  }
  return drawn;
}
