/** Steps from accept to accept of a map. */

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { formatBytes, formatDuration, type MapAccept, type MemoryMapFile } from "../../index.js";

interface ScrubProps {
  readonly map: MemoryMapFile;
  readonly n: number | undefined;
  readonly choose: (n: number) => void;
  readonly accept: MapAccept | undefined;
}

export function Scrub({ map, n = 0, accept, choose }: ScrubProps): JSX.Element {
  const id = useId();
  const { acceptsTotal: total } = map;
  const go = (to: number): void => choose(Math.min(Math.max(to, 0), total));
  const buttons = [
    ["First", 0],
    ["Previous", n - 1],
    ["Next", n + 1],
    ["Last", total],
  ] as const;
  return (
    <div class="map-scrub">
      <label for={id}>
        Accept {n} of {total}
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={total}
        value={n}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <span class="buttons">
        {buttons.map(([text, to]) => (
          <button key={text} type="button" disabled={to < 0 || to > total} onClick={() => go(to)}>
            {text}
          </button>
        ))}
      </span>
      <p role="status">{accept === undefined ? "Before the first accept." : acceptText(accept, n)}</p>
    </div>
  );
}

/** The accept of a number, or where a map keeps only some of them the last one before. */
export function lastBy({ accepts }: MemoryMapFile, n: number): MapAccept | undefined {
  return accepts.findLast((one) => one.n <= n);
}

function acceptText({ n: known, atNs, cpu, start, bytes, by }: MapAccept, n: number): string {
  const which = known === n ? "" : `The map has accept ${known} before it: `;
  return `${which}${formatBytes(bytes)} at 0x${start.toString(16)}, ${by}, by vCPU ${cpu}, done at ${formatDuration(atNs)}.`;
}
