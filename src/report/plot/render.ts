import { COLOURS, configOf, type Theme } from "./theme.js";

/**
 * Draws a Vega-Lite specification. The same specification gives the same bytes; text is escaped by the
 * renderer. The libraries are loaded here, so that nobody waits for them who wants no picture.
 *
 * @returns an SVG document with a newline at its end
 */
export async function renderSvg(spec: object, theme: Theme): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const themed = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...spec,
    config: configOf(COLOURS[theme]),
  };
  const compiled = vegaLite.compile(themed as Parameters<typeof vegaLite.compile>[0]);
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
