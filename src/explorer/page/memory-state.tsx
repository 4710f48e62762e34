/** A guest's memory right after any accept: a slider over the accepts, and what the allocator, the record and the host have. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import {
  type ByteRange,
  formatBytes,
  formatDuration,
  formatInteger,
  type MemoryMapFile,
  type MemoryState,
} from "../../index.js";
import { useOwnId } from "./own-id.js";
import { Scroll } from "./scroll.js";
import { bytesIn, columnRuns } from "./strip.js";

interface AfterAcceptProps {
  /** `A`, where there are two. */
  readonly name: string | undefined;
  readonly map: MemoryMapFile;
  /** The last one that there was an answer for. */
  readonly state: MemoryState | undefined;
  /** Asks for the memory after so many accepts. */
  readonly look: (accept: number) => void;
}

export function AfterAccept({ name, map, state, look }: AfterAcceptProps): JSX.Element {
  const id = useOwnId();
  const [accept, setAccept] = useState(map.acceptsTotal);
  const whose = name === undefined ? "" : ` of ${name}`;
  // Another run has other accepts; its end is as good a place as any.
  useEffect(() => {
    setAccept(map.acceptsTotal);
    look(map.acceptsTotal);
  }, [map]);
  const move = (next: number): void => {
    setAccept(next);
    look(next);
  };
  return (
    <div class="after-accept">
      <label for={id}>Memory{whose} after accept</label>
      <div class="slider">
        <input
          id={id}
          type="range"
          min={0}
          max={map.acceptsTotal}
          step={1}
          value={accept}
          aria-valuetext={`${formatInteger(accept)} of ${formatInteger(map.acceptsTotal)}`}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
        <output for={id}>
          {formatInteger(accept)} of {formatInteger(map.acceptsTotal)}
        </output>
      </div>
      <div class="buttons steps">
        {STEPS.map(([text, step]) => {
          const next = Math.min(Math.max(step(accept, map.acceptsTotal), 0), map.acceptsTotal);
          return (
            <button
              key={text}
              type="button"
              class="quiet"
              aria-label={`${text} accept${whose}`}
              // Not disabled at an end: a button that has the focus would lose it.
              aria-disabled={next === accept}
              onClick={() => next !== accept && move(next)}
            >
              {text}
            </button>
          );
        })}
      </div>
      <p class="hint">{acceptText(map, accept)}</p>
      <p class="hint earlier" role="status">
        {state !== undefined &&
          state.n !== accept &&
          `Below: after accept ${formatInteger(state.n)}; simulating …`}
      </p>
      {state !== undefined && <State state={state} endBytes={map.spanBytes} whose={whose} />}
    </div>
  );
}

/** To which accept a button goes from one, of so many. */
const STEPS: readonly (readonly [text: string, step: (accept: number, total: number) => number])[] = [
  ["First", () => 1],
  ["Previous", (accept) => accept - 1],
  ["Next", (accept) => accept + 1],
  ["Last", (_accept, total) => total],
];

/** `4 MiB from 0x100000000, accepted on demand, on vCPU 0, done at 4.2 s.` */
function acceptText({ accepts }: MemoryMapFile, n: number): string {
  const found = accepts.findLast((one) => one.n <= n);
  if (found === undefined) return "Before the first accept.";
  const { bytes, start, by, cpu, atNs } = found;
  const which = found.n === n ? "" : `The map has accept ${formatInteger(found.n)} before it: `;
  const place = `${formatBytes(bytes)} from 0x${start.toString(16)}`;
  return `${which}${place}, ${by}, on vCPU ${cpu}, done at ${formatDuration(atNs)}.`;
}

interface StateProps {
  readonly state: MemoryState;
  readonly endBytes: number;
  readonly whose: string;
}

function State({ state, endBytes, whose }: StateProps): JSX.Element {
  const { atNs, freeLists, unaccepted, bitmap, host } = state;
  const orders = Math.max(0, ...freeLists.map(({ blocks }) => blocks.length));
  return (
    <>
      <p>
        At {formatDuration(atNs)}, from address 0 on the left to {formatBytes(endBytes)}:
      </p>
      <Strip what="waits on the allocator's lists to be accepted" ranges={unaccepted} endBytes={endBytes} />
      <Strip what="unaccepted by the kernel's record" ranges={bitmap} endBytes={endBytes} />
      <Strip what="private memory that the host has given" ranges={host} endBytes={endBytes} />
      <Scroll label={`Free lists${whose}`}>
        <table>
          <caption>Free blocks by order, as /proc/pagetypeinfo counts them</caption>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Zone</th>
              <th scope="col">Type</th>
              {Array.from({ length: orders }, (_value, order) => (
                <th key={order} scope="col" class="value">
                  {order}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {freeLists.map(({ node, zone, migratetype, blocks }) => (
              <tr key={`${node} ${zone} ${migratetype}`}>
                <td>{node}</td>
                <td>{zone}</td>
                <td>{migratetype}</td>
                {Array.from({ length: orders }, (_value, order) => (
                  <td key={order} class="value">
                    {formatInteger(blocks[order] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {freeLists.length === 0 && <p class="hint">The page allocator has no memory yet.</p>}
    </>
  );
}

const COLUMNS = 1000;

interface StripProps {
  readonly what: string;
  readonly ranges: readonly ByteRange[];
  readonly endBytes: number;
}

function Strip({ what, ranges, endBytes }: StripProps): JSX.Element {
  return (
    <div class="memory-strip">
      <p>
        {formatBytes(bytesIn(ranges))} {what}
      </p>
      <svg viewBox={`0 0 ${COLUMNS} 10`} preserveAspectRatio="none" aria-hidden="true">
        {columnRuns(ranges, endBytes, COLUMNS).map(([from, until]) => (
          <rect key={from} x={from} y={0} width={until - from} height={10} />
        ))}
      </svg>
    </div>
  );
}
