/** What the guest does: a recording that comes with the program, a generator with its parameters, or a given trace. */

import type { JSX } from "preact";
import {
  formatBytes,
  formatVcpus,
  GENERATORS,
  type GeneratorParameter,
  parseYamlWithPositions,
  recordingSchema,
} from "../../index.js";
import type { Catalogue } from "../protocol.js";
import { workloadName } from "../settings.js";
import { Group, type Option, type OptionGroup, SelectField, TextField } from "./controls.js";
import { withSetting } from "./edit.js";
import { otherText, type SideView } from "./side-view.js";
import {
  defaultOf,
  type GeneratedText,
  generatedOf,
  generatedText,
  generatorNamed,
} from "./workload-text.js";

interface WorkloadProps {
  readonly view: SideView;
  readonly catalogue: Catalogue;
  readonly putAway: () => void;
}

export function WorkloadFields({ view, catalogue, putAway }: WorkloadProps): JSX.Element {
  const { settings, scenario, faults, change, choose, trace } = view;
  if (trace !== undefined) {
    return (
      <div class="field">
        <p class="label">Workload</p>
        <p class="given">
          <code>{trace}</code>
          <button type="button" onClick={putAway}>
            Put the trace away
          </button>
        </p>
      </div>
    );
  }
  const workload = settings.workload ?? workloadName(scenario.workload);
  const generated = generatedOf(workload);
  const chosen = generated === undefined ? workload : `generate:${generated.name}`;
  const set = (text: string): void => change(withSetting(settings, "workload", text));
  const setParameter = ({ name, parameters }: GeneratedText, own: string, text: string): void =>
    set(generatedText({ name, parameters: { ...parameters, [own]: text } }));
  const generator = generated === undefined ? undefined : generatorNamed(generated.name);
  const groups = offers(catalogue);
  const isOffered = groups.some(({ options }) => options.some(({ value }) => value === chosen));
  const own: readonly Option[] = isOffered ? [] : [{ value: chosen, text: chosen }];
  return (
    <>
      <SelectField
        label="Workload"
        hint={generator?.summary ?? aboutOf(catalogue, chosen)}
        faults={faults.get("workload")}
        other={otherText(view, (of) => workloadName(of.workload))}
        value={chosen}
        onValue={(name) => choose("workload", name)}
        options={[...own, ...groups]}
      />
      {generated !== undefined && (
        <Group label={`Parameters of ${generated.name}`}>
          {Object.entries(generator?.parameters ?? {}).map(([name, parameter]) => (
            <GeneratorField
              key={name}
              name={name}
              parameter={parameter}
              text={generated.parameters[name] ?? ""}
              onText={(text) => setParameter(generated, name, text)}
            />
          ))}
        </Group>
      )}
    </>
  );
}

interface GeneratorProps {
  readonly name: string;
  readonly parameter: GeneratorParameter;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function GeneratorField({ name, parameter, text, onText }: GeneratorProps): JSX.Element {
  return (
    <TextField
      label={name}
      hint={parameter.what}
      text={text}
      onText={onText}
      placeholder={defaultOf(parameter)}
      isMoved={text !== ""}
      reset={() => onText("")}
    />
  );
}

function offers({ workloads }: Catalogue): readonly OptionGroup[] {
  return [
    {
      label: "Recorded on real kernels",
      options: Object.keys(workloads).map((name) => ({ value: name, text: name })),
    },
    {
      label: "Generated",
      options: GENERATORS.map(({ name }) => ({ value: `generate:${name}`, text: name })),
    },
  ];
}

/** `Linux 7.3.4+deb13-cloud-amd64, 4 GiB, 1 vCPU`: the machine it was recorded on. */
function aboutOf({ workloads }: Catalogue, name: string): string | undefined {
  const bundled = workloads[name];
  if (bundled === undefined) return undefined;
  const { kernel, machine } = parseYamlWithPositions(bundled.description, name, recordingSchema);
  return `recorded on Linux ${kernel}, ${formatBytes(machine.memoryBytes)}, ${formatVcpus(machine.vcpus)}`;
}
