/** Views that need more than a row, each asked for while it is open and the settings rest. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  isAcceptance,
  type MemoryMapFile,
  PICTURES,
  type ResultDocument,
  type Theme,
  type Timeline,
} from "../../index.js";
import type { Side } from "../protocol.js";
import { MapView } from "../views/map-view.js";
import { TimelineView } from "../views/timeline-view.js";
import type { Desk, DeskState, SideState } from "./desk.js";
import { AfterAccept } from "./memory-state.js";
import { Figure } from "./pictures.js";
import { PAGE_COLOURS } from "./theme.js";

interface ViewProps {
  readonly desk: Desk;
  readonly state: DeskState;
  readonly theme: Theme;
}

export function TimelineSection({ desk, state, theme }: ViewProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => desk.want({ timeline: isOpen }), [desk, isOpen]);
  const [first, second] = [useLast(state.a, "timeline"), useLast(state.b, "timeline")];
  const timelines = useMemo<readonly [Timeline, Timeline?] | undefined>(
    () => first && (second === undefined ? [first] : [first, second]),
    [first, second],
  );
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Timeline: what each vCPU did when</summary>
      {isOpen &&
        (timelines === undefined ? (
          <p class="hint">Simulating …</p>
        ) : (
          <>
            <Earlier state={state} name="timeline" />
            <TimelineView timelines={timelines} colours={PAGE_COLOURS[theme]} />
          </>
        ))}
    </details>
  );
}

const NOWHERE: Readonly<Record<Side, number | undefined>> = { a: undefined, b: undefined };

export function MapSection({ desk, state, theme }: ViewProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => desk.want({ map: isOpen }), [desk, isOpen]);
  const [first, second] = [useLast(state.a, "map"), useLast(state.b, "map")];
  const maps = useMemo<readonly [MemoryMapFile, MemoryMapFile?] | undefined>(
    () => first && (second === undefined ? [first] : [first, second]),
    [first, second],
  );
  const [accepts, setAccepts] = useState<Readonly<Record<Side, number | undefined>>>(NOWHERE);
  const look = (side: Side, accept: number): void => {
    setAccepts((before) => ({ ...before, [side]: accept }));
    desk.look(side, accept);
  };
  const [stateA, stateB] = [useLast(state.a, "state"), useLast(state.b, "state")];
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Memory map: which memory was what when, and after any accept</summary>
      {isOpen && first === undefined && <p class="hint">Simulating …</p>}
      {isOpen && first !== undefined && <Earlier state={state} name="map" />}
      {isOpen && maps?.every((map) => map === undefined || map.layers.some(isAcceptance)) && (
        <MapView maps={maps} accepts={[accepts.a, accepts.b]} colours={PAGE_COLOURS[theme]} />
      )}
      {isOpen && first !== undefined && (
        <AfterAccept
          name={second === undefined ? undefined : "A"}
          map={first}
          state={stateA}
          look={(accept) => look("a", accept)}
        />
      )}
      {isOpen && second !== undefined && (
        <AfterAccept name="B" map={second} state={stateB} look={(accept) => look("b", accept)} />
      )}
      {isOpen && maps !== undefined && <MapPicture maps={maps} theme={theme} />}
    </details>
  );
}

interface PictureProps {
  readonly maps: readonly [MemoryMapFile, MemoryMapFile?];
  readonly theme: Theme;
}

/** The map as reports have it. It takes a while to draw, so it is behind its title until somebody wants it. */
function MapPicture({ maps, theme }: PictureProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const drawn = useMemo(() => {
    if (!isOpen) return [];
    const results = maps.flatMap((map): ResultDocument[] =>
      map === undefined ? [] : [{ file: map.name, kind: "map", map }],
    );
    return PICTURES.flatMap((picture) => {
      const one = picture.draw(results, PAGE_COLOURS[theme]);
      return typeof one === "string" ? [] : [one];
    });
  }, [isOpen, maps, theme]);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The map as a picture, with its data</summary>
      {drawn.map((one) => (
        <Figure key={one.title} drawn={one} theme={theme} />
      ))}
    </details>
  );
}

interface EarlierProps {
  readonly state: DeskState;
  readonly name: "timeline" | "map";
}

/** Says so where a view is that of earlier settings. Its line keeps its room, so that nothing jumps. */
function Earlier({ state: { a, b }, name }: EarlierProps): JSX.Element {
  const isEarlier = [a, b].some(
    (side) => side !== undefined && !(side.isCurrent && side.shown?.[name] !== undefined),
  );
  return (
    <p class="hint earlier" role="status">
      {isEarlier && "Of the settings before; that of these follows once they rest."}
    </p>
  );
}

/** What a side has, or had before its settings moved: a view stays until the next one comes. */
function useLast<Name extends "timeline" | "map" | "state">(
  side: SideState | undefined,
  name: Name,
): NonNullable<SideState["shown"]>[Name] {
  const last = useRef<NonNullable<SideState["shown"]>[Name]>(undefined);
  const now = side?.shown?.[name];
  if (now !== undefined) last.current = now;
  if (side === undefined) last.current = undefined;
  return last.current;
}
