/** The answer: in sentences, in numbers, and where the time goes. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatDuration, type ResultDocument, type Theme } from "../../index.js";
import { Copies } from "./copies.js";
import type { Desk, DeskState, Shown, SideState } from "./desk.js";
import { NumbersTable, Tiles } from "./numbers.js";
import { Phases } from "./phases.js";
import { Pictures } from "./pictures.js";
import { answerSentences } from "./sentences.js";
import { MapSection, TimelineSection } from "./views.js";

interface AnswerProps {
  readonly desk: Desk;
  readonly state: DeskState;
  readonly theme: Theme;
}

export function Answer({ desk, state, theme }: AnswerProps): JSX.Element {
  const { a, b } = state;
  const [own, other] = [a.shown?.row, b?.shown?.row];
  const isStale = [a, b].some((side) => side !== undefined && problemsOf(side).length > 0);
  return (
    <section class="answer" aria-labelledby="answer-head" aria-busy={!state.isResting}>
      <h2 id="answer-head">Answer</h2>
      {[a, b].map((side, at) => (
        <Stale key={at === 0 ? "a" : "b"} name={at === 0 ? "A" : "B"} side={side} isAlone={b === undefined} />
      ))}
      <div class={isStale ? "stale" : undefined}>
        {own === undefined ? (
          <p class="conclusion">{isStale ? "No result yet." : "Simulating …"}</p>
        ) : (
          <>
            <div class="conclusion">
              {answerSentences(own, other).map((sentence) => (
                <p key={sentence}>{sentence}</p>
              ))}
            </div>
            <Tiles a={a} b={b} />
            <p class="hint">{tookText(a, b)}</p>
            <h3>Where the boot goes</h3>
            <Phases a={own} b={other} />
            <Remarks a={a} b={b} />
            <TimelineSection desk={desk} state={state} theme={theme} />
            <MapSection desk={desk} state={state} theme={theme} />
            <RestingPictures state={state} theme={theme} />
            <details>
              <summary>All numbers</summary>
              <NumbersTable a={a} b={b} />
            </details>
            <details>
              <summary>Take it along: command, scenario, JSON</summary>
              <Copies name={b === undefined ? undefined : "A"} side={a} />
              {b !== undefined && <Copies name="B" side={b} />}
            </details>
          </>
        )}
      </div>
    </section>
  );
}

/** Pictures take longer than a step of a slider; they follow once the settings rest. */
function RestingPictures({ state, theme }: Omit<AnswerProps, "desk">): JSX.Element {
  const { a, b, isResting } = state;
  const [results, setResults] = useState<readonly ResultDocument[]>(NO_RESULTS);
  const [own, other] = [a.shown, b?.shown].map((shown) => shown?.ranges ?? shown?.row);
  useEffect(() => {
    if (isResting) setResults(resultsOf(own, other));
  }, [isResting, own, other]);
  return <Pictures results={results} theme={theme} />;
}

const NO_RESULTS: readonly ResultDocument[] = [];

type ShownRow = Shown["row"] | NonNullable<Shown["ranges"]>;

function resultsOf(a: ShownRow | undefined, b: ShownRow | undefined): readonly ResultDocument[] {
  const rows = [a, b].flatMap((row) => (row === undefined ? [] : [row]));
  return rows.length === 0 ? NO_RESULTS : [{ file: "these settings", kind: "rows", rows }];
}

/** `Simulated in this browser in 41 ms.` */
function tookText(a: SideState, b: SideState | undefined): string {
  const times = [a, b].flatMap((side) =>
    side?.shown === undefined ? [] : [formatDuration(side.shown.tookMs * 1e6)],
  );
  return `Simulated in this browser in ${times.join(" and ")}.`;
}

function problemsOf({ faults, refusal }: SideState): readonly string[] {
  const named = [...faults].flatMap(([at, texts]) =>
    texts.map((text) => (at === "" ? text : `${at}: ${text}`)),
  );
  return [...named, ...(refusal === undefined ? [] : [refusal])];
}

interface StaleProps {
  readonly name: "A" | "B";
  readonly side: SideState | undefined;
  readonly isAlone: boolean;
}

/** Why the numbers are those of earlier settings. */
function Stale({ name, side, isAlone }: StaleProps): JSX.Element | null {
  const problems = side === undefined ? [] : problemsOf(side);
  if (problems.length === 0) return null;
  return (
    <div class="fault banner" role="alert">
      <p>
        {isAlone ? "These settings make no run" : `The settings of ${name} make no run`}
        {side?.shown === undefined ? "." : "; below is the last result."}
      </p>
      {problems.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}

function Remarks({ a, b }: Pick<DeskState, "a" | "b">): JSX.Element | null {
  const remarks = new Set([a, b].flatMap((side) => side?.shown?.row.remarks ?? []));
  if (remarks.size === 0) return null;
  return (
    <ul class="remarks">
      {[...remarks].map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}
