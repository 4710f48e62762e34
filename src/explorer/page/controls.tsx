/** Controls of the settings: native elements, each with its label, what it means, and what is wrong with it. */

import type { ComponentChildren, JSX, TargetedInputEvent } from "preact";
import { useOwnId } from "./own-id.js";
import { nearestStop, type Stop } from "./stops.js";

/** Common to all controls. */
export interface FieldProps {
  readonly label: string;
  /** What it means, in a line below. */
  readonly hint?: string | undefined;
  /** What the reader of scenarios says about its value. */
  readonly faults?: readonly string[] | undefined;
  /** What the other side has, where that differs. */
  readonly other?: string | undefined;
  /** Whether it is not what it would be by itself; then `reset` takes it back. */
  readonly isMoved?: boolean;
  readonly reset?: (() => void) | undefined;
}

interface FrameProps extends FieldProps {
  readonly id: string;
  readonly children: ComponentChildren;
}

/** Label above, the control, then what there is to say. */
function Frame({
  id,
  label,
  hint,
  faults = [],
  other,
  isMoved = false,
  reset,
  children,
}: FrameProps): JSX.Element {
  return (
    <div class={`field${isMoved ? " moved" : ""}${faults.length > 0 ? " faulty" : ""}`}>
      <div class="field-head">
        <label for={id}>{label}</label>
        {other !== undefined && <span class="other">{other}</span>}
        {isMoved && reset !== undefined && (
          <button type="button" class="quiet" onClick={reset} aria-label={`take back ${label}`}>
            take back
          </button>
        )}
      </div>
      {children}
      {hint !== undefined && hint !== "" && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Faults id={`${id}-fault`} faults={faults} />
    </div>
  );
}

/** One line for each fault. */
export function Faults({
  id,
  faults,
}: {
  readonly id?: string;
  readonly faults: readonly string[];
}): JSX.Element | null {
  if (faults.length === 0) return null;
  return (
    <div class="fault" id={id}>
      {faults.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}

/** What describes a control, by the ids of `Frame`. */
function described(id: string, { hint, faults = [] }: FieldProps): Record<string, string | boolean> {
  const ids = [
    ...(hint === undefined || hint === "" ? [] : [`${id}-hint`]),
    ...(faults.length > 0 ? [`${id}-fault`] : []),
  ];
  return {
    ...(ids.length === 0 ? {} : { "aria-describedby": ids.join(" ") }),
    ...(faults.length > 0 ? { "aria-invalid": true } : {}),
  };
}

interface GroupProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** Controls that belong to what is chosen above them: two choices may have parameters of one name. */
export function Group({ label, children }: GroupProps): JSX.Element {
  return (
    <fieldset class="group" aria-label={label}>
      {children}
    </fieldset>
  );
}

type Input = TargetedInputEvent<HTMLInputElement>;

interface TextProps extends FieldProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Values to choose from; any other text is as good. */
  readonly offers?: readonly string[] | undefined;
  readonly placeholder?: string | undefined;
}

export function TextField(props: TextProps): JSX.Element {
  const id = useOwnId();
  const { text, onText, offers, placeholder } = props;
  return (
    <Frame {...props} id={id}>
      <input
        id={id}
        type="text"
        value={text}
        placeholder={placeholder}
        list={offers === undefined ? undefined : `${id}-offers`}
        autocomplete="off"
        spellcheck={false}
        onInput={(event: Input) => onText(event.currentTarget.value)}
        {...described(id, props)}
      />
      {offers !== undefined && <Offers id={`${id}-offers`} values={offers} />}
    </Frame>
  );
}

export function Offers({
  id,
  values,
}: {
  readonly id: string;
  readonly values: readonly string[];
}): JSX.Element {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

interface SliderProps extends TextProps {
  readonly stops: readonly Stop[];
  /** Where the slider stands, in the unit of the stops. */
  readonly value: number;
  /** Below the ends of the slider. */
  readonly ends?: readonly [low: string, high: string];
}

/** A slider of texts, and a box for any other text. */
export function SliderField(props: SliderProps): JSX.Element {
  const id = useOwnId();
  const { text, onText, stops, value, label, ends } = props;
  const at = nearestStop(stops, value);
  const move = (event: Input): void => {
    const stop = stops[Number(event.currentTarget.value)];
    if (stop !== undefined) onText(stop.text);
  };
  return (
    <Frame {...props} id={id}>
      <div class="slider">
        <input
          type="range"
          min={0}
          max={stops.length - 1}
          step={1}
          value={at}
          aria-label={`${label}, slider`}
          aria-valuetext={text === "" ? (stops[at]?.text ?? "") : text}
          onInput={move}
        />
        <input
          id={id}
          type="text"
          class="exact"
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={(event: Input) => onText(event.currentTarget.value)}
          {...described(id, props)}
        />
      </div>
      {ends !== undefined && (
        <div class="ends" aria-hidden="true">
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </div>
      )}
    </Frame>
  );
}

export interface Option {
  readonly value: string;
  readonly text: string;
}

export interface OptionGroup {
  readonly label: string;
  readonly options: readonly Option[];
}

interface SelectProps extends FieldProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly options: readonly (Option | OptionGroup)[];
}

export function SelectField(props: SelectProps): JSX.Element {
  const id = useOwnId();
  const { value, onValue, options } = props;
  return (
    <Frame {...props} id={id}>
      <select
        id={id}
        value={value}
        onChange={(event) => onValue(event.currentTarget.value)}
        {...described(id, props)}
      >
        {options.map((one) =>
          "options" in one ? (
            <optgroup key={one.label} label={one.label}>
              {one.options.map(optionOf)}
            </optgroup>
          ) : (
            optionOf(one)
          ),
        )}
      </select>
    </Frame>
  );
}

function optionOf({ value, text }: Option): JSX.Element {
  return (
    <option key={value} value={value}>
      {text}
    </option>
  );
}

export interface Choice {
  readonly value: string;
  readonly text: string;
  /** A line below. */
  readonly what?: string;
}

interface RadioProps {
  readonly legend: string;
  readonly name: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly choices: readonly Choice[];
  readonly faults?: readonly string[] | undefined;
  readonly other?: string | undefined;
  /** Side by side, like the keys of a radio. */
  readonly isRow?: boolean;
}

export function RadioField(props: RadioProps): JSX.Element {
  const { legend, name, value, onValue, choices, faults = [], other, isRow = false } = props;
  const id = useOwnId();
  return (
    <fieldset
      class={`radios${isRow ? " row" : ""}`}
      aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}
    >
      <legend>
        {legend}
        {other !== undefined && <span class="other">{other}</span>}
      </legend>
      <div class="choices">
        {choices.map((choice) => (
          <label key={choice.value} class={choice.value === value ? "chosen" : undefined}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onValue(choice.value)}
            />
            <span>
              {choice.text}
              {choice.what !== undefined && <small>{choice.what}</small>}
            </span>
          </label>
        ))}
      </div>
      <Faults id={`${id}-fault`} faults={faults} />
    </fieldset>
  );
}
