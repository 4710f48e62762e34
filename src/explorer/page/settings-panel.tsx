/** The settings of the side that is edited, and what can be done with the two sides. */

import type { JSX } from "preact";
import type { Side } from "../protocol.js";
import { Faults, RadioField } from "./controls.js";
import type { Desk, DeskState, SideState } from "./desk.js";
import { MachineFields } from "./machine-fields.js";
import { OtherKeys } from "./other-keys.js";
import { PolicyFields } from "./policy-fields.js";
import { PriceFields } from "./price-fields.js";
import type { Bundled, SideView } from "./side-view.js";
import { WorkloadFields } from "./workload-fields.js";

interface PanelProps {
  readonly desk: Desk;
  readonly state: DeskState;
  readonly bundled: Bundled;
}

export function SettingsPanel({ desk, state, bundled }: PanelProps): JSX.Element {
  const side = state.b === undefined ? "a" : state.editing;
  const own = state[side]!;
  const view = viewOf(desk, state, side, own);
  const putAway = (): void => desk.putAway(side);
  return (
    <section class="settings" aria-labelledby="settings-head">
      <h2 id="settings-head">Settings</h2>
      <Sides desk={desk} state={state} />
      {!own.base.isBundled && (
        <p class="given">
          over <code>{own.base.name}</code>
          <button type="button" onClick={putAway}>
            Put the file away
          </button>
        </p>
      )}
      <Faults faults={own.faults.get("") ?? []} />
      {/* Controls of a side are that side's own, with the texts that are being typed in them. */}
      <div key={side}>
        <MachineFields view={view} bundled={bundled} />
        <PolicyFields view={view} />
        <WorkloadFields view={view} catalogue={bundled.catalogue} putAway={putAway} />
        <PriceFields view={view} />
        <OtherKeys view={view} />
      </div>
    </section>
  );
}

function viewOf(desk: Desk, state: DeskState, side: Side, own: SideState): SideView {
  const otherSide: Side = side === "a" ? "b" : "a";
  const other = state[otherSide];
  return {
    side,
    settings: own.settings,
    base: own.base,
    scenario: own.scenario,
    faults: own.faults,
    other: other === undefined ? undefined : { side: otherSide, scenario: other.scenario },
    trace: own.base.isBundled ? own.file?.name : undefined,
    change: (settings) => desk.change(side, settings),
    choose: (name, text) => desk.choose(side, name, text),
  };
}

function Sides({ desk, state }: Omit<PanelProps, "bundled">): JSX.Element {
  if (state.b === undefined) {
    return (
      <p class="sides">
        <button type="button" onClick={() => desk.copy()}>
          Compare: copy A to B
        </button>
      </p>
    );
  }
  return (
    <div class="sides">
      <RadioField
        legend="Side to change"
        name="side"
        value={state.editing}
        onValue={(side) => desk.edit(side as Side)}
        choices={[
          { value: "a", text: "A" },
          { value: "b", text: "B" },
        ]}
        isRow
      />
      <div class="buttons">
        <button type="button" onClick={() => desk.copy()}>
          Copy A to B
        </button>
        <button type="button" onClick={() => desk.swap()}>
          Swap
        </button>
        <button type="button" onClick={() => desk.dropSecond()}>
          Drop B
        </button>
      </div>
    </div>
  );
}
