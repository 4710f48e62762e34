/** Colours of pictures, for light and dark pages. */

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Any colours that CSS knows. */
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
    series: "#d55e00 #0072b2 #8a6d00 #009e73 #cc79a7 #56b4e9 #7a5195 #5f6b76 #a11d33".split(" "),
  },
  dark: {
    background: "#0d1117",
    text: "#e6edf3",
    muted: "#9198a1",
    grid: "#30363d",
    region: "#143d2f",
    series: "#ff8f4a #58a6ff #e3c34b #2fc796 #f09ac6 #8fd0f5 #b392f0 #a8b3bd #ff7b8a".split(" "),
  },
};

/** The colour of text on a filled mark: of text and background the one that stands out more (WCAG 2.2, contrast ratio). */
export function inkOn(fill: string, { text, background }: ThemeColours): string {
  const own = luminance(fill);
  return contrast(own, luminance(background)) > contrast(own, luminance(text)) ? background : text;
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Relative, from 0 to 1 (WCAG 2.2), of `#rrggbb`; the middle for a colour that is written in another way. */
function luminance(colour: string): number {
  const parts = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour);
  if (parts === null) return 0.18;
  const [red, green, blue] = parts.slice(1).map((part) => {
    const share = Number.parseInt(part, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** Encoding of the colour of text whose values have it as `ink`. */
export const INK: object = { field: "ink", type: "nominal", scale: null };

/** One for each colour; the last is a pentagon. */
export const SHAPES: readonly string[] = [
  ..."circle square triangle-up cross diamond triangle-right triangle-down triangle-left".split(" "),
  "M0,-1L0.951,-0.309L0.588,0.809L-0.588,0.809L-0.951,-0.309Z",
];

/** Vega-Lite's own settings in these colours; sizes for a picture that is shown 800 pixels wide. */
export function configOf({ background, text, muted, grid }: ThemeColours): object {
  return {
    // The picture as a whole is described; a name for each mark would only make it larger.
    aria: false,
    background,
    font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    padding: 12,
    view: { stroke: grid },
    mark: { invalid: null },
    text: { color: text },
    rule: { color: muted },
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
    // What sticks out would run into the next panel.
    axisX: { labelBound: 6 },
    header: { labelColor: text, labelFontSize: 13, titleColor: text, labelFontWeight: "bold" },
    legend: { labelColor: text, titleColor: muted, labelFontSize: 12, titleFontWeight: "normal" },
    title: {
      color: text,
      fontSize: 14,
      subtitleColor: muted,
      subtitleFontSize: 11,
      subtitlePadding: 5,
      offset: 14,
      anchor: "start",
    },
  };
}
