/** What a picture is, before anybody draws it. Each is declared in a file of this folder, and listed in `pictures.ts`. */

import type { ResultDocument } from "./documents.js";
import type { ThemeColours } from "./theme.js";

export interface Picture {
  /** For `--picture`. */
  readonly name: string;
  /** One line for help. */
  readonly what: string;
  /** @returns the picture, or why these results have none: one sentence without its full stop, for a refusal */
  draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string;
}

export interface Drawn {
  readonly title: string;
  /** In words and numbers what is to be seen; for screen readers, too. */
  readonly description: string;
  /** Vega-Lite without config, and without a title: `titled` puts that of the picture into it. */
  readonly spec: object;
  /** The data behind it, whole. */
  readonly table: PictureTable;
  /** What is left out, cut or assumed, a sentence each; shown beside the picture. */
  readonly caveats: readonly string[];
}

export interface PictureTable {
  readonly columns: readonly { readonly head: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}
