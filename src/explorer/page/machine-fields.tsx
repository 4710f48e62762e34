/** The guest and its machine: platform, prices of a machine, memory, CPUs, kernel, and what its firmware accepts. */

import type { JSX } from "preact";
import {
  DEFAULT_PRICES,
  formatBytes,
  kernelRelease,
  knownReleases,
  PLATFORM_KINDS,
  parseSize,
  type Scenario,
} from "../../index.js";
import { RadioField, SelectField, SliderField, TextField } from "./controls.js";
import { canPreAccept, PRE_ACCEPT, withKey, withSetting } from "./edit.js";
import { type Bundled, otherText, type SideView } from "./side-view.js";
import { countStops, MEMORY_STOPS, preAcceptStops, sizeText } from "./stops.js";

/** What the scenario's reader takes (scenario/scenario.ts: vcpus). */
const VCPU_STOPS = countStops(1, 1024);

interface MachineProps {
  readonly view: SideView;
  readonly bundled: Bundled;
}

export function MachineFields({ view, bundled }: MachineProps): JSX.Element {
  const { settings, scenario, faults, side, change, choose } = view;
  const platform = scenario.platform.kind;
  const memory = settings.memory ?? sizeText(scenario.memoryBytes);
  const vcpus = settings.vcpus ?? String(scenario.vcpus);
  return (
    <>
      <RadioField
        legend="Platform"
        name={`platform-${side}`}
        value={platform}
        onValue={(kind) => choose("platform", kind)}
        choices={PLATFORM_KINDS.map((kind) => ({ value: kind, text: kind }))}
        faults={faults.get("platform")}
        other={otherText(view, (of) => of.platform.kind)}
        isRow
      />
      <SliderField
        label="Memory"
        text={memory}
        onText={(text) => change(withSetting(settings, "memory", text))}
        stops={MEMORY_STOPS}
        value={parseSize(memory) ?? scenario.memoryBytes}
        faults={faults.get("memory")}
        other={otherText(view, (of) => formatBytes(of.memoryBytes))}
      />
      <SliderField
        label="vCPUs"
        text={vcpus}
        onText={(text) => change(withSetting(settings, "vcpus", text))}
        stops={VCPU_STOPS}
        value={Number(vcpus) || scenario.vcpus}
        faults={faults.get("vcpus")}
        other={otherText(view, (of) => String(of.vcpus))}
      />
      {(canPreAccept(scenario) || settings.set[PRE_ACCEPT] !== undefined) && <PreAccept view={view} />}
      <TextField
        label="Kernel"
        hint={kernelHint(scenario.kernel)}
        text={settings.kernel ?? scenario.kernel}
        onText={(text) => change(withSetting(settings, "kernel", text))}
        offers={RELEASES}
        faults={faults.get("kernel")}
        other={otherText(view, (of) => of.kernel)}
      />
      <SelectField
        label="Prices of a machine"
        hint={scenario.prices?.description}
        value={settings.prices ?? scenario.prices?.name ?? DEFAULT_PRICES}
        onValue={(name) => choose("prices", name === DEFAULT_PRICES ? "" : name)}
        options={priceOptions(view, bundled)}
        faults={faults.get("prices")}
        other={otherText(view, (of) => of.prices?.name ?? DEFAULT_PRICES)}
      />
    </>
  );
}

const RELEASES: readonly string[] = knownReleases().toReversed();

function kernelHint(kernel: string): string {
  const { recorded, remark } = kernelRelease(kernel);
  if (remark !== undefined) return remark;
  return recorded === "every step"
    ? "its rules are held against logs of real kernels, step by step"
    : "its rules are held against traces of a real kernel";
}

/** Prices that the scenario names itself have no text by which the default could be asked for. */
function priceOptions({ scenario, base }: SideView, { prices }: Bundled): { value: string; text: string }[] {
  const own = prices.names.filter((name) => prices.find(name)!.platform === scenario.platform.kind);
  const names = base.isBundled || scenario.prices === undefined ? [DEFAULT_PRICES, ...own] : own;
  return names.map((name) => ({ value: name, text: name }));
}

function PreAccept({ view }: { readonly view: SideView }): JSX.Element {
  const { settings, scenario, faults, change } = view;
  const said = settings.set[PRE_ACCEPT];
  const text = said ?? limitText(scenario);
  return (
    <SliderField
      label="Pre-accepted by firmware"
      hint="The firmware accepts memory below this address before the kernel starts."
      text={text}
      onText={(next) => change(withKey(settings, PRE_ACCEPT, next))}
      stops={preAcceptStops(scenario.memoryBytes)}
      value={
        text === "all" ? Number.POSITIVE_INFINITY : (parseSize(text) ?? scenario.firmware.preAcceptLimitBytes)
      }
      ends={["nothing", "all"]}
      faults={faults.get(PRE_ACCEPT)}
      other={otherText(view, limitText)}
      isMoved={said !== undefined}
      reset={() => change(withKey(settings, PRE_ACCEPT, ""))}
    />
  );
}

function limitText({ firmware }: Scenario): string {
  const bytes = firmware.preAcceptLimitBytes;
  return bytes === Number.POSITIVE_INFINITY ? "all" : bytes === 0 ? "0" : sizeText(bytes);
}
