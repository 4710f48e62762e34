/** Where the boot goes: its phases one after the other, as a table whose bars lie on one scale. */

import type { JSX } from "preact";
import { type CompareRow, formatDuration, formatShare } from "../../index.js";
import { Scroll } from "./scroll.js";

interface Span {
  readonly name: string;
  readonly beginNs: number;
  readonly ns: number;
  readonly mostly: string | undefined;
}

function spansOf({ phases }: CompareRow): readonly Span[] {
  let beginNs = 0;
  return phases.map(({ name, ns, mostly }) => {
    const span = { name, beginNs, ns, mostly: mostly && `${mostly.event} ${formatDuration(mostly.ns)}` };
    beginNs += ns;
    return span;
  });
}

interface PhasesProps {
  readonly a: CompareRow;
  readonly b: CompareRow | undefined;
}

export function Phases({ a, b }: PhasesProps): JSX.Element {
  const [own, other] = [spansOf(a), b === undefined ? [] : spansOf(b)];
  const wholeNs = Math.max(a.bootTimeNs, b?.bootTimeNs ?? 0, 1);
  const taken = [...own, ...other].filter(({ ns }) => ns > 0);
  const names = [...new Set([...own, ...other].map(({ name }) => name))].filter((name) =>
    taken.some((span) => span.name === name),
  );
  return (
    <Scroll label="Phases of the boot">
      <table class="phases">
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col" class="bar-head">
              0 to {formatDuration(wholeNs)}
            </th>
            <th scope="col" class="value">
              {b === undefined ? "Time" : "A"}
            </th>
            {b !== undefined && (
              <th scope="col" class="value">
                B
              </th>
            )}
            <th scope="col" class="mostly">
              Mostly
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const [mine, theirs] = [own, other].map((spans) => spans.find((span) => span.name === name));
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="bars" aria-hidden="true">
                  <Bar side="a" span={mine} wholeNs={wholeNs} />
                  {b !== undefined && <Bar side="b" span={theirs} wholeNs={wholeNs} />}
                </td>
                <TimeCell span={mine} bootNs={a.bootTimeNs} />
                {b !== undefined && <TimeCell span={theirs} bootNs={b.bootTimeNs} />}
                <td class="mostly">{mine?.mostly ?? theirs?.mostly ?? ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

interface BarProps {
  readonly side: "a" | "b";
  readonly span: Span | undefined;
  readonly wholeNs: number;
}

function Bar({ side, span, wholeNs }: BarProps): JSX.Element {
  const percent = (ns: number): string => `${((100 * ns) / wholeNs).toFixed(3)}%`;
  return (
    <span class={`bar side-${side}`}>
      {span !== undefined && span.ns > 0 && (
        <span style={{ marginLeft: percent(span.beginNs), width: percent(span.ns) }} />
      )}
    </span>
  );
}

function TimeCell({
  span,
  bootNs,
}: {
  readonly span: Span | undefined;
  readonly bootNs: number;
}): JSX.Element {
  return (
    <td class="value">
      {span === undefined ? "–" : formatDuration(span.ns)}
      {span !== undefined && bootNs > 0 && <small> {formatShare(span.ns / bootNs)}</small>}
    </td>
  );
}
