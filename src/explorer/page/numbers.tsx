/** The numbers of one side or two: the leading ones large, then all in a table. */

import type { JSX } from "preact";
import type { CompareRow, Measure, MeasureName } from "../../index.js";
import type { DeskState, SideState } from "./desk.js";
import { type Change, changeOf, FURTHER, LEADING, labelOf, measureOf, rangeIn, textIn } from "./measures.js";
import { Scroll } from "./scroll.js";

const NONE = "–";

export function Tiles({ a, b }: Pick<DeskState, "a" | "b">): JSX.Element {
  return (
    <dl class="tiles">
      {LEADING.map(measureOf).map((measure) => (
        <Tile key={measure.name} measure={measure} a={a} b={b} />
      ))}
    </dl>
  );
}

interface TileProps {
  readonly measure: Measure;
  readonly a: SideState;
  readonly b: SideState | undefined;
}

function Tile({ measure, a, b }: TileProps): JSX.Element {
  return (
    <div class="tile">
      <dt>{labelOf(measure)}</dt>
      <dd>
        <SideNumber name={b === undefined ? undefined : "A"} measure={measure} side={a} />
        {b !== undefined && <SideNumber name="B" measure={measure} side={b} against={a.shown?.row} />}
      </dd>
    </div>
  );
}

interface SideNumberProps {
  readonly name: string | undefined;
  readonly measure: Measure;
  readonly side: SideState;
  /** The row of the other side. */
  readonly against?: CompareRow | undefined;
}

function SideNumber({ name, measure, side, against }: SideNumberProps): JSX.Element {
  const { shown, before } = side;
  const row = shown?.row;
  const text = (row && textIn(measure, row)) ?? NONE;
  const range = shown?.ranges && rangeIn(measure, shown.ranges);
  const sinceBefore = row && before && changeOf(measure, before, row);
  const toOther = row && against && changeOf(measure, against, row);
  return (
    <div
      class={`number${name === undefined ? "" : ` side-${name.toLowerCase()}`}`}
      data-measure={measure.name}
    >
      {name !== undefined && <span class="side-name">{name}</span>}
      <span class="value">{text}</span>
      <span class="range">{range === undefined ? "\u00a0" : `${range} over what is assumed`}</span>
      {toOther !== undefined && <ChangeText change={toOther} than="against A" />}
      {sinceBefore !== undefined && sinceBefore.text !== "the same" && (
        <ChangeText change={sinceBefore} than="since before" />
      )}
    </div>
  );
}

function ChangeText({ change, than }: { readonly change: Change; readonly than: string }): JSX.Element {
  return (
    <span class={`change ${change.verdict}`}>
      {change.text} <span class="than">{than}</span>
    </span>
  );
}

/** The leading numbers at the foot of a narrow window, where the answer is far below the sliders. It says nothing new. */
export function Strip({ a, b }: Pick<DeskState, "a" | "b">): JSX.Element {
  const sides = [a, ...(b === undefined ? [] : [b])];
  return (
    <div class="strip" aria-hidden="true">
      {sides.map(({ shown }, at) => (
        <p key={at === 0 ? "a" : "b"}>
          {b !== undefined && <b>{at === 0 ? "A" : "B"}</b>}
          {shown !== undefined &&
            STRIP.map(measureOf).map((measure) => (
              <span key={measure.name}>
                {labelOf(measure)} <b>{textIn(measure, shown.row) ?? NONE}</b>
              </span>
            ))}
        </p>
      ))}
    </div>
  );
}

const STRIP: readonly MeasureName[] = ["bootTimeNs", "totalTimeNs", "overheadBytes"];

export function NumbersTable({ a, b }: Pick<DeskState, "a" | "b">): JSX.Element {
  const measures = [...LEADING, ...FURTHER].map(measureOf);
  const rows = measures.filter((measure) =>
    [a, b].some((side) => side?.shown !== undefined && textIn(measure, side.shown.row) !== undefined),
  );
  return (
    <Scroll label="All numbers">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col">{b === undefined ? "Value" : "A"}</th>
            <th scope="col">Over what is assumed</th>
            <th scope="col">Since before</th>
            {b !== undefined && (
              <>
                <th scope="col">B</th>
                <th scope="col">Over what is assumed</th>
                <th scope="col">B against A</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((measure) => (
            <tr key={measure.name} title={measure.doc}>
              <th scope="row">{labelOf(measure)}</th>
              <SideCells measure={measure} side={a} against={a.before} />
              {b !== undefined && <SideCells measure={measure} side={b} against={a.shown?.row} />}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface CellsProps {
  readonly measure: Measure;
  readonly side: SideState;
  readonly against: CompareRow | undefined;
}

function SideCells({ measure, side: { shown }, against }: CellsProps): JSX.Element {
  const text = (shown && textIn(measure, shown.row)) ?? NONE;
  const range = shown?.ranges && rangeIn(measure, shown.ranges);
  const change = shown && against && changeOf(measure, against, shown.row);
  return (
    <>
      <td class="value">{text}</td>
      <td class="range">{range ?? NONE}</td>
      <td class={`change ${change?.verdict ?? "neither"}`}>{change?.text ?? NONE}</td>
    </>
  );
}
