/** Guest-physical memory over time: layers that can be switched off, closer and further, a line at an accept. */

import type { JSX, TargetedPointerEvent } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  type AddressAxis,
  addressAxis,
  DIFFERENCES,
  formatBytes,
  formatDuration,
  isAcceptance,
  LAYER_KEYS,
  LAYERS,
  type MemoryMapFile,
  type ThemeColours,
} from "../../index.js";
import { LayerTable, layersIn } from "./layer-table.js";
import {
  colourOf,
  differenceColours,
  differenceRectangles,
  paintDifference,
  paintMap,
  type Window,
} from "./map-paint.js";

export interface MapViewProps {
  /** One, or two beside each other. */
  readonly maps: readonly [MemoryMapFile, MemoryMapFile?];
  /** Of each map the accept that somebody looks at, by its number; 0: before the first. */
  readonly accepts: readonly (number | undefined)[];
  readonly colours: ThemeColours;
}

export function MapView({ maps, accepts, colours }: MapViewProps): JSX.Element {
  const [one, other] = maps;
  const all = useMemo(() => (other === undefined ? [one] : [one, other]), [one, other]);
  const axis = useMemo(() => addressAxis(all), [all]);
  const endNs = Math.max(...all.map((map) => map.endNs));
  const [part, setPart] = useState<Window>({ fromNs: 0, untilNs: endNs, low: 0, high: 1 });
  const [hidden, setHidden] = useState<ReadonlySet<string>>(OVERLAID);
  // Another run has other times.
  useEffect(() => setPart({ fromNs: 0, untilNs: endNs, low: 0, high: 1 }), [endNs]);
  const zoom = (key: string): boolean => {
    const next = zoomed(part, endNs, key);
    if (next !== undefined) setPart(next);
    return next !== undefined;
  };
  const frame = { axis, part, hidden, colours, zoom };
  return (
    <div class="memory-map">
      <Legend maps={all} hidden={hidden} setHidden={setHidden} colours={colours} />
      <Zoom zoom={zoom} part={part} axis={axis} />
      <div class="map-panels">
        {all.map((map, at) => (
          <Panel key={at} map={map} frame={frame} n={accepts[at]} />
        ))}
        {other !== undefined && <Difference maps={[one, other]} frame={frame} />}
      </div>
      <LayerTable maps={all} />
    </div>
  );
}

/** Layers that lie over others are off until somebody wants them. */
const OVERLAID: ReadonlySet<string> = new Set(
  LAYER_KEYS.map((key) => LAYERS[key].name).filter((name) => !isAcceptance({ name })),
);

/** The window after a key: + and - and 0 zoom, arrows move. */
function zoomed(part: Window, endNs: number, key: string): Window | undefined {
  const { fromNs, untilNs, low, high } = part;
  const [time, place] = [untilNs - fromNs, high - low];
  const moved = (ns: number, at: number): Window => {
    const from = Math.min(Math.max(fromNs + ns, 0), endNs - time);
    const bottom = Math.min(Math.max(low + at, 0), 1 - place);
    return { fromNs: from, untilNs: from + time, low: bottom, high: bottom + place };
  };
  const scaled = (by: number): Window => {
    const [newTime, newPlace] = [Math.min(endNs, time * by), Math.min(1, place * by)];
    const from = Math.min(Math.max(fromNs + (time - newTime) / 2, 0), endNs - newTime);
    const bottom = Math.min(Math.max(low + (place - newPlace) / 2, 0), 1 - newPlace);
    return { fromNs: from, untilNs: from + newTime, low: bottom, high: bottom + newPlace };
  };
  switch (key) {
    case "+":
    case "=":
      return time > endNs / 4096 ? scaled(0.5) : part;
    case "-":
      return scaled(2);
    case "0":
      return { fromNs: 0, untilNs: endNs, low: 0, high: 1 };
    case "ArrowLeft":
      return moved(-time / 8, 0);
    case "ArrowRight":
      return moved(time / 8, 0);
    case "ArrowUp":
      return moved(0, place / 8);
    case "ArrowDown":
      return moved(0, -place / 8);
    default:
      return undefined;
  }
}

interface Frame {
  readonly axis: AddressAxis;
  readonly part: Window;
  readonly hidden: ReadonlySet<string>;
  readonly colours: ThemeColours;
  /** @returns whether the key means something here */
  readonly zoom: (key: string) => boolean;
}

interface PanelProps {
  readonly map: MemoryMapFile;
  readonly frame: Frame;
  readonly n: number | undefined;
}

function Panel({ map, frame, n }: PanelProps): JSX.Element {
  const { axis, part, hidden, colours } = frame;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState("");
  // A map may keep only some accepts: then the line is at the last one before.
  const cursorNs = n === undefined ? undefined : (map.accepts.findLast((one) => one.n <= n)?.atNs ?? 0);
  useEffect(() => {
    const paint = (): void => {
      if (canvas.current === null) return;
      paintMap(canvas.current, { map, axis, window: part, hidden, cursorNs, colours });
    };
    paint();
    addEventListener("resize", paint);
    return () => removeEventListener("resize", paint);
  }, [map, axis, part, hidden, cursorNs, colours]);
  return (
    <figure class="map-panel">
      <figcaption>{map.name}</figcaption>
      <Plot label={`${map.name}: memory over time. ${sentence(map)}`} frame={frame}>
        <canvas
          ref={canvas}
          onPointerMove={(event) => setPointed(textAt(map, frame, event))}
          onPointerDown={(event) => setPointed(textAt(map, frame, event))}
        />
      </Plot>
      <Scales axis={axis} part={part} />
      <p class="hint map-pointed">{pointed === "" ? "Point at the map for what lies there." : pointed}</p>
    </figure>
  );
}

interface PlotProps {
  readonly label: string;
  readonly frame: Frame;
  readonly children: JSX.Element;
}

/** Takes keys, and the wheel with Ctrl, so that the page scrolls as ever. */
function Plot({ label, frame: { zoom }, children }: PlotProps): JSX.Element {
  return (
    <section
      class="map-plot"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys zoom and move what has the focus
      tabIndex={0}
      aria-label={label}
      onKeyDown={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.altKey && zoom(event.key)) event.preventDefault();
      }}
      onWheel={(event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(event.deltaY < 0 ? "+" : "-");
      }}
    >
      {children}
    </section>
  );
}

function Difference({
  maps,
  frame,
}: {
  readonly maps: readonly [MemoryMapFile, MemoryMapFile];
  readonly frame: Frame;
}): JSX.Element {
  const { axis, part, colours } = frame;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [one, other] = maps;
  const rectangles = useMemo(() => differenceRectangles([one, other], axis), [one, other, axis]);
  useEffect(() => {
    const paint = (): void => {
      if (canvas.current !== null) paintDifference(canvas.current, rectangles, { window: part, colours });
    };
    paint();
    addEventListener("resize", paint);
    return () => removeEventListener("resize", paint);
  }, [rectangles, part, colours]);
  const range = differenceColours(colours);
  return (
    <figure class="map-panel">
      <figcaption>Difference</figcaption>
      <Plot label={`Where only one of ${one.name} and ${other.name} has accepted memory`} frame={frame}>
        <canvas ref={canvas} />
      </Plot>
      <Scales axis={axis} part={part} />
      <ul class="map-legend">
        {DIFFERENCES.map((name, at) => (
          <li key={name}>
            <span class="map-colour" style={{ background: range[at]! }} />
            {name}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Scales({ axis, part }: { readonly axis: AddressAxis; readonly part: Window }): JSX.Element {
  return (
    <p class="hint map-scales">
      {formatBytes(axis.address(part.low))} to {formatBytes(axis.address(part.high))} from bottom to top,{" "}
      {formatDuration(part.fromNs)} to {formatDuration(part.untilNs)} from left to right
    </p>
  );
}

function Zoom({ zoom, part, axis }: Pick<Frame, "zoom" | "part" | "axis">): JSX.Element {
  const buttons = [
    ["Closer", "+"],
    ["Further", "-"],
    ["All", "0"],
  ] as const;
  return (
    <p class="map-zoom">
      {buttons.map(([text, key]) => (
        <button key={key} type="button" class="quiet" onClick={() => zoom(key)}>
          {text}
        </button>
      ))}
      <span class="hint">
        {" "}
        On a map also the keys +, -, 0 and arrows
        {axis.parts.some(({ kind }) => kind !== "memory") && "; holes and long even stretches are shortened"}
        <span class="unseen" role="status">
          {` ${formatBytes(axis.address(part.low))} to ${formatBytes(axis.address(part.high))}`}
        </span>
      </span>
    </p>
  );
}

interface LegendProps {
  readonly maps: readonly MemoryMapFile[];
  readonly hidden: ReadonlySet<string>;
  readonly setHidden: (hidden: ReadonlySet<string>) => void;
  readonly colours: ThemeColours;
}

/** Each layer that a map has can be switched off. */
function Legend({ maps, hidden, setHidden, colours }: LegendProps): JSX.Element {
  return (
    <fieldset class="map-legend">
      <legend>Layers</legend>
      {layersIn(maps).map(({ name, what }) => (
        <label key={name} title={what}>
          <input
            type="checkbox"
            checked={!hidden.has(name)}
            onChange={(event) => {
              const next = new Set(hidden);
              if (event.currentTarget.checked) next.delete(name);
              else next.add(name);
              setHidden(next);
            }}
          />
          <span class="map-colour" style={{ background: colourOf(name, colours) }} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

/** What lies under the pointer: address, time and every layer that is shown, with its time. */
function textAt(
  map: MemoryMapFile,
  { axis, part, hidden }: Frame,
  { offsetX, offsetY, currentTarget }: TargetedPointerEvent<HTMLCanvasElement>,
): string {
  const { clientWidth, clientHeight } = currentTarget;
  const ns = part.fromNs + (offsetX / clientWidth) * (part.untilNs - part.fromNs);
  const address = axis.address(part.high - (offsetY / clientHeight) * (part.high - part.low));
  const here = map.areas.filter(
    ([layer, start, end, fromNs, untilNs]) =>
      start <= address &&
      address < end &&
      fromNs <= ns &&
      ns < untilNs &&
      !hidden.has(map.layers[layer]!.name),
  );
  const texts = here.map(
    ([layer, start, end, fromNs, untilNs]) =>
      `${map.layers[layer]!.name}, 0x${start.toString(16)} to 0x${end.toString(16)}, ` +
      `${formatDuration(fromNs)} to ${formatDuration(untilNs)}`,
  );
  const place = `0x${Math.floor(address).toString(16)} at ${formatDuration(ns)}`;
  return `${place}: ${texts.length === 0 ? "nothing that is shown" : texts.join("; ")}`;
}

function sentence({ layers }: MemoryMapFile): string {
  const parts = layers
    .filter((layer) => isAcceptance(layer) && layer.endBytes > 0)
    .map(({ name, endBytes }) => `${name} ${formatBytes(endBytes)}`);
  return `At the end: ${parts.join(", ")}.`;
}
