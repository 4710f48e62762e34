/** The pictures of README and `results`: which results each is drawn from, and what it shows. */

import { readFileSync } from "node:fs";
import { parseDocument } from "../../src/report/pictures/documents.js";
import { PICTURES } from "../../src/report/pictures/pictures.js";
import { renderSvg, titled } from "../../src/report/pictures/render.js";
import { COLOURS, type Theme } from "../../src/report/pictures/theme.js";
import { IDENTITY, type StoredRow } from "../../src/results/read.js";

export interface PagePicture {
  /** Without its ending: the light one is `NAME.svg`, the dark one `NAME-dark.svg`. */
  readonly path: string;
  readonly picture: string;
  readonly results: readonly string[];
}

/** Results of `compare workloads/strategies.yaml --format jsonl`, as far as its picture shows them. */
export const STRATEGIES = "results/strategies.jsonl";

const SHOWN: readonly string[] = (
  "outcome problems bootTimeNs workloadTimeNs totalTimeNs overheadBytes bootAssumedNs totalAssumedNs assumedPrices " +
  IDENTITY.join(" ")
).split(" ");

/** A row without what no picture here shows. */
export function shownOf(row: StoredRow): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => SHOWN.includes(name)));
}

export const PAGE_PICTURES: readonly PagePicture[] = [
  { path: "results/boot", picture: "phases", results: ["results/boot.json"] },
  { path: "results/strategies", picture: "overhead", results: [STRATEGIES] },
  {
    path: "results/tune/tune",
    picture: "tuning",
    results: ["results/tune/tdx.json", "results/tune/snp.json"],
  },
];

export function pathOf({ path }: PagePicture, theme: Theme): string {
  return `${path}${theme === "dark" ? "-dark" : ""}.svg`;
}

/** As `plot` draws it. */
export async function drawnPicture({ picture, results }: PagePicture, theme: Theme): Promise<string> {
  const colours = COLOURS[theme];
  const documents = results.map((path) => parseDocument(readFileSync(path, "utf8"), path));
  const drawn = PICTURES.find(({ name }) => name === picture)!.draw(documents, colours);
  if (typeof drawn === "string") throw new Error(`${picture} of ${results.join(", ")}: ${drawn}`);
  return renderSvg(titled(drawn), colours);
}
