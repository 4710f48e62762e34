/** What drawing pixels takes, from the packages that have it: loaded only where a PNG is written. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { RasterParts } from "../report/pictures/png.js";

const require = createRequire(import.meta.url);

/** Bold is a font of its own. */
const FONTS: readonly string[] = [
  require.resolve("dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf"),
  require.resolve("dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf"),
];

export function rasterParts(): RasterParts {
  return {
    wasm: readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")),
    fonts: FONTS.map((path) => readFileSync(path)),
    family: "DejaVu Sans Condensed",
  };
}
