/** From a picture's specification to its file. The libraries are loaded here, so that nobody waits for them without a picture. */

import { printableLines } from "../../printable.js";
import { escapeMarkup } from "../escape-markup.js";
import type { Drawn } from "./picture.js";
import { linesOf, textWidth } from "./text-width.js";
import { configOf, type ThemeColours } from "./theme.js";

/** Of a line above a picture, in pixels: the picture itself is 800 wide, or less. */
const LINE_WIDTH = 740;
const SUBTITLE_SIZE = 11;

/** The same with its title, what is to be seen and its caveats in the picture itself, as a file of its own needs them. */
export function titled(drawn: Drawn): Drawn {
  const { title, description, caveats } = drawn;
  const subtitle = [description, ...caveats].flatMap((text) => linesOf(text, LINE_WIDTH, SUBTITLE_SIZE));
  return { ...drawn, spec: { ...drawn.spec, title: { text: title, subtitle } } };
}

/**
 * Draws a picture. The same picture gives the same bytes; text is escaped by the renderer.
 *
 * @returns an SVG document that says to screen readers what is to be seen, with a newline at its end
 */
export async function renderSvg(
  { title, description, spec }: Pick<Drawn, "title" | "description" | "spec">,
  colours: ThemeColours,
): Promise<string> {
  const [vega, vegaLite, { expressionInterpreter: expr }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("vega-interpreter"),
  ]);
  const themed = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...spec,
    config: configOf(colours),
  };
  const compiled = vegaLite.compile(themed as Parameters<typeof vegaLite.compile>[0]);
  measureAlike(vega);
  // Expressions are interpreted: pages whose policy forbids to make code draw pictures, too.
  const runtime = vega.parse(compiled.spec, undefined, { ast: true });
  const view = new vega.View(runtime, { expr, renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  // XML has no control characters.
  return `${printableLines(described(svg, title, description), false)}\n`;
}

/** Text is as wide everywhere, so that a picture is the same in a terminal and in a browser. */
function measureAlike({ textMetrics }: object & { textMetrics?: unknown }): void {
  const metrics = textMetrics as {
    width: (item: TextItem, text: string | number | boolean | null | undefined) => number;
  };
  metrics.width = ({ fontSize = 11, fontWeight = "normal" }, text) =>
    textWidth(
      text === null || text === undefined ? "" : `${text}`,
      fontSize,
      fontWeight === "bold" || Number(fontWeight) >= 600,
    );
}

/** Of Vega's scenegraph, as far as it is looked at here. */
interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

/** Says what a picture shows where nobody sees it: in its name for screen readers, and as SVG's own elements have it. */
function described(svg: string, title: string, description: string): string {
  const name = escapeMarkup(`${title}. ${description}`);
  const head = `<title>${escapeMarkup(title)}</title><desc>${escapeMarkup(description)}</desc>`;
  return svg.replace(
    /^<svg ([^>]*)>/,
    (_all, own: string) => `<svg role="img" aria-label="${name}" ${own}>${head}`,
  );
}
