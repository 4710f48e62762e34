/** Views that need more than a row, each asked for while it is open and the settings rest. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Theme, Timeline } from "../../index.js";
import { TimelineView } from "../views/timeline-view.js";
import type { Desk, DeskState, SideState } from "./desk.js";
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
          <TimelineView timelines={timelines} colours={PAGE_COLOURS[theme]} />
        ))}
    </details>
  );
}

/** What a side has, or had before its settings moved: a view stays until the next one comes. */
function useLast<Name extends "timeline">(
  side: SideState | undefined,
  name: Name,
): NonNullable<SideState["shown"]>[Name] {
  const last = useRef<NonNullable<SideState["shown"]>[Name]>(undefined);
  const now = side?.shown?.[name];
  if (now !== undefined) last.current = now;
  if (side === undefined) last.current = undefined;
  return last.current;
}
