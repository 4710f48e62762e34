/** When memory is accepted: the policies there are, and what can be tuned about the chosen one. */

import type { JSX } from "preact";
import { type PolicyParameter, parseSize, policies, type Scenario } from "../../index.js";
import { Group, RadioField, SelectField, SliderField, TextField } from "./controls.js";
import { strategyKey, withKey } from "./edit.js";
import { otherText, type SideView } from "./side-view.js";
import { boundedStops, countStops, durationText, sizeText } from "./stops.js";

export function PolicyFields({ view }: { readonly view: SideView }): JSX.Element {
  const { settings, scenario, faults, side, choose } = view;
  const { byName, names } = policies();
  const chosen = settings.policy ?? scenario.policy;
  const policy = byName.get(chosen);
  return (
    <>
      <RadioField
        legend="Policy"
        name={`policy-${side}`}
        value={chosen}
        onValue={(name) => choose("policy", name)}
        choices={names.map((name) => ({ value: name, text: name, what: byName.get(name)!.summary }))}
        faults={faults.get("policy")}
        other={otherText(view, (of) => of.policy)}
      />
      <Group label={`Parameters of ${chosen}`}>
        {Object.entries(policy?.parameters ?? {}).map(([name, parameter]) => (
          <ParameterField key={name} view={view} name={name} parameter={parameter} />
        ))}
      </Group>
    </>
  );
}

interface ParameterProps {
  readonly view: SideView;
  readonly name: string;
  readonly parameter: PolicyParameter;
}

function ParameterField({ view, name, parameter }: ParameterProps): JSX.Element {
  const { settings, faults, change, scenario } = view;
  const key = strategyKey(name);
  const said = settings.set[key];
  const set = (text: string): void => change(withKey(settings, key, text));
  const common = {
    label: name,
    hint: parameter.what,
    faults: faults.get(key),
    other: otherText(view, (of) => valueText(of, name, parameter)),
    isMoved: said !== undefined,
    reset: () => set(""),
  };
  const text = said ?? valueText(scenario, name, parameter);
  if (parameter.is === "flag") {
    const options = ["true", "false"].map((value) => ({ value, text: value }));
    return <SelectField {...common} value={text} onValue={set} options={options} />;
  }
  if (parameter.is === "time") return <TextField {...common} text={text} onText={set} />;
  const value = valueIn(scenario, name, parameter);
  if (parameter.is === "count") {
    const stops = countStops(parameter.min, parameter.max);
    return <SliderField {...common} text={text} onText={set} stops={stops} value={Number(value)} />;
  }
  const stops = boundedStops({
    min: bytesOf(parameter.min, 0),
    max: bytesOf(parameter.max, Math.max(scenario.memoryBytes, 2 ** 30)),
    powerOfTwo: parameter.powerOfTwo === true,
    orAll: parameter.orAll === true,
  });
  return <SliderField {...common} text={text} onText={set} stops={stops} value={Number(value)} />;
}

function bytesOf(written: string | number | undefined, byDefault: number): number {
  return written === undefined ? byDefault : (parseSize(String(written)) ?? byDefault);
}

/** What a run has: bytes, nanoseconds, a count or a flag; the default where the run is of a policy without it. */
function valueIn({ strategy }: Scenario, name: string, parameter: PolicyParameter): number | boolean {
  const own: Readonly<Record<string, unknown>> = strategy;
  const value = own[parameter.is === "size" ? `${name}Bytes` : name];
  if (typeof value === "number" || typeof value === "boolean") return value;
  const { default: byDefault } = parameter;
  if (typeof byDefault !== "string") return byDefault;
  return byDefault === "all" ? Number.POSITIVE_INFINITY : (parseSize(byDefault) ?? 0);
}

function valueText(scenario: Scenario, name: string, parameter: PolicyParameter): string {
  const value = valueIn(scenario, name, parameter);
  if (value === Number.POSITIVE_INFINITY) return "all";
  if (typeof value === "boolean" || parameter.is === "count") return String(value);
  return parameter.is === "size" ? sizeText(value) : durationText(value);
}
