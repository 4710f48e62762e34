/** What the view of a memory map puts on its canvases. */

import {
  type AddressAxis,
  cellsOf,
  DIFFERENCES,
  differenceOf,
  isAcceptance,
  LAYERS,
  layerColours,
  type MemoryMapFile,
  rectanglesOf,
  type ThemeColours,
} from "../../index.js";

/** The part of the axes that is shown: of time in nanoseconds, of addresses from 0 to 1. */
export interface Window {
  readonly fromNs: number;
  readonly untilNs: number;
  readonly low: number;
  readonly high: number;
}

/** Of layers that lie over others, which show through. */
const OVERLAYS: Readonly<Record<string, number>> = {
  [LAYERS.mapUsable.name]: 3,
  [LAYERS.mapUnaccepted.name]: 7,
  [LAYERS.mapAcpi.name]: 4,
  [LAYERS.mapFirmware.name]: 6,
  [LAYERS.mapReserved.name]: 8,
  [LAYERS.reserved.name]: 8,
  [LAYERS.free.name]: 5,
  [LAYERS.host.name]: 2,
};

export function colourOf(name: string, colours: ThemeColours): string {
  return layerColours(colours)[name] ?? colours.series[OVERLAYS[name] ?? 0]!;
}

/** Differences have colours that no usual layer has. */
export function differenceColours({ series }: ThemeColours): readonly [string, string] {
  return [series[8]!, series[6]!];
}

/** A canvas in the pixels of the screen, empty. @returns undefined where a browser has none to draw on */
function cleared(
  canvas: HTMLCanvasElement,
  { background }: ThemeColours,
): CanvasRenderingContext2D | undefined {
  const scale = window.devicePixelRatio;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return context;
}

export interface MapPainting {
  readonly map: MemoryMapFile;
  readonly axis: AddressAxis;
  readonly window: Window;
  readonly hidden: ReadonlySet<string>;
  /** Of the accept that is chosen; undefined for none. */
  readonly cursorNs: number | undefined;
  readonly colours: ThemeColours;
}

export function paintMap(canvas: HTMLCanvasElement, painting: MapPainting): void {
  const { map, axis, window: part, hidden, cursorNs, colours } = painting;
  const context = cleared(canvas, colours);
  if (context === undefined) return;
  const { width, height } = canvas;
  const x = (ns: number): number => ((ns - part.fromNs) / (part.untilNs - part.fromNs)) * width;
  const y = (at: number): number => height - ((at - part.low) / (part.high - part.low)) * height;
  for (const [layer, { name }] of map.layers.entries()) {
    if (hidden.has(name)) continue;
    context.globalAlpha = isAcceptance({ name }) ? 1 : 0.5;
    context.fillStyle = colourOf(name, colours);
    for (const [of, start, end, fromNs, untilNs] of map.areas) {
      if (of !== layer) continue;
      fill(context, [x(fromNs), x(untilNs)], [y(axis.position(end)), y(axis.position(start))]);
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = colours.text;
  context.setLineDash([2, 4]);
  for (const { startNs } of map.phases) line(context, x(startNs), height);
  context.setLineDash([]);
  if (cursorNs === undefined) return;
  context.lineWidth = 3 * window.devicePixelRatio;
  context.strokeStyle = colours.background;
  line(context, x(cursorNs), height);
  context.lineWidth = 1.5 * window.devicePixelRatio;
  context.strokeStyle = colours.text;
  line(context, x(cursorNs), height);
}

/** Whole pixels, so that neighbours have no seam; what is thinner than one is still there. */
function fill(
  context: CanvasRenderingContext2D,
  [left, right]: readonly [number, number],
  [top, bottom]: readonly [number, number],
): void {
  const [x, y] = [Math.round(left), Math.round(top)];
  context.fillRect(x, y, Math.max(1, Math.round(right) - x), Math.max(1, Math.round(bottom) - y));
}

function line(context: CanvasRenderingContext2D, x: number, height: number): void {
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
}

const ROWS = 280;
const COLUMNS = 280;

export interface DifferenceRectangles {
  readonly rectangles: ReturnType<typeof rectanglesOf>;
  readonly endNs: number;
}

/** Takes longer than painting them, and is the same in every window. */
export function differenceRectangles(
  maps: readonly [MemoryMapFile, MemoryMapFile],
  axis: AddressAxis,
): DifferenceRectangles {
  const endNs = Math.max(...maps.map((map) => map.endNs));
  const axes = { endNs, rows: ROWS, columns: COLUMNS, goesOn: true };
  const [one, other] = maps.map((map) => cellsOf(map, axis, axes));
  return { rectangles: rectanglesOf(differenceOf(one!, other!)), endNs };
}

export function paintDifference(
  canvas: HTMLCanvasElement,
  { rectangles, endNs }: DifferenceRectangles,
  { window: part, colours }: Pick<MapPainting, "window" | "colours">,
): void {
  const context = cleared(canvas, colours);
  if (context === undefined) return;
  const { width, height } = canvas;
  const range = differenceColours(colours);
  for (const { name, row, rowEnd, column, columnEnd } of rectangles) {
    const x = (at: number): number =>
      (((at / COLUMNS) * endNs - part.fromNs) / (part.untilNs - part.fromNs)) * width;
    const y = (at: number): number => height - ((at / ROWS - part.low) / (part.high - part.low)) * height;
    context.fillStyle = range[DIFFERENCES.indexOf(name as (typeof DIFFERENCES)[number])]!;
    fill(context, [x(column), x(columnEnd)], [y(rowEnd), y(row)]);
  }
}
