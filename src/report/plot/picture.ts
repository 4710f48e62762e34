/** Pictures, in colours for light and dark pages. */

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** What a picture takes its colours from. */
export interface ThemeColours {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  /** For the region that a reader may choose from. */
  readonly region: string;
  /** Told apart by people with any colour vision (Okabe and Ito, 2008), in the order of use. */
  readonly series: readonly string[];
}

export const COLOURS: Readonly<Record<Theme, ThemeColours>> = {
  light: {
    background: "#ffffff",
    text: "#1f2328",
    muted: "#59636e",
    grid: "#d1d9e0",
    region: "#cfe8dc",
    series: [
      "#d55e00",
      "#0072b2",
      "#8a6d00",
      "#009e73",
      "#cc79a7",
      "#56b4e9",
      "#7a5195",
      "#5f6b76",
      "#a11d33",
    ],
  },
  dark: {
    background: "#0d1117",
    text: "#e6edf3",
    muted: "#9198a1",
    grid: "#30363d",
    region: "#143d2f",
    series: [
      "#ff8f4a",
      "#58a6ff",
      "#e3c34b",
      "#2fc796",
      "#f09ac6",
      "#8fd0f5",
      "#b392f0",
      "#a8b3bd",
      "#ff7b8a",
    ],
  },
};

/** Vega-Lite's own settings in these colours; sizes for a picture that is shown 800 pixels wide. */
function configOf({ background, text, muted, grid }: ThemeColours): object {
  return {
    background,
    font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    padding: 12,
    view: { stroke: grid },
    axis: {
      labelColor: muted,
      titleColor: text,
      gridColor: grid,
      gridOpacity: 0.6,
      domainColor: grid,
      tickColor: grid,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
    },
    header: { labelColor: text, labelFontSize: 13, titleColor: text, labelFontWeight: "bold" },
    legend: { labelColor: text, titleColor: muted, labelFontSize: 12, titleFontWeight: "normal" },
    title: { color: text, fontSize: 14, subtitleColor: muted, anchor: "start" },
  };
}

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
