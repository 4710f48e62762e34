/** Pictures as pixels. */

/** What it takes to draw pixels; whoever calls knows where its files are. */
export interface RasterParts {
  /** The module of @resvg/resvg-wasm, as its file has it. */
  readonly wasm: Uint8Array;
  /** Fonts in the formats of OpenType; the first is that of all text. */
  readonly fonts: readonly Uint8Array[];
  /** Name of the family of these fonts. */
  readonly family: string;
}

/** Pixels for each of the picture's own, as sharp screens have. */
const SCALE = 2;

let ready: Promise<void> | undefined;

/**
 * An SVG picture as PNG, at twice its size. The same picture gives the same bytes.
 *
 * @param parts those of the first call serve all later ones
 */
export async function renderPng(svg: string, { wasm, fonts, family }: RasterParts): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  ready ??= initWasm(wasm);
  await ready;
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: SCALE },
    font: { fontBuffers: [...fonts], defaultFontFamily: family, sansSerifFamily: family },
  });
  const rendered = image.render();
  const png = rendered.asPng();
  rendered.free();
  image.free();
  return png;
}
