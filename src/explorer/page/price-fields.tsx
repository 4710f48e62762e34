/** What each operation takes: a slider for every price of the platform, from the least to the most that is plausible. */

import type { JSX } from "preact";
import { formatDuration, type Price, parseDuration } from "../../index.js";
import { SliderField } from "./controls.js";
import { priceKey, pricesFor, withKey } from "./edit.js";
import { otherText, type SideView } from "./side-view.js";
import { durationText, priceStops } from "./stops.js";

export function PriceFields({ view }: { readonly view: SideView }): JSX.Element {
  const { scenario, settings, change } = view;
  const prices = pricesFor(scenario.platform.kind, scenario.prices);
  const moved = prices.filter(([name]) => settings.set[priceKey(name)] !== undefined);
  const allBack = (): void =>
    change(moved.reduce((sum, [name]) => withKey(sum, priceKey(name), ""), settings));
  return (
    <details class="section">
      <summary>
        Prices of operations{" "}
        <span class="count">{moved.length === 0 ? prices.length : `${moved.length} moved`}</span>
      </summary>
      <p class="hint">
        Sliders go from the least to the most that is plausible. A price that you move counts as assumed.
      </p>
      {moved.length > 0 && (
        <button type="button" onClick={allBack}>
          Take all prices back
        </button>
      )}
      {prices.map(([name, price]) => (
        <PriceField key={name} view={view} name={name} price={price} />
      ))}
    </details>
  );
}

interface PriceProps {
  readonly view: SideView;
  readonly name: string;
  readonly price: Price;
}

function PriceField({ view, name, price }: PriceProps): JSX.Element {
  const { settings, faults, change } = view;
  const key = priceKey(name);
  const said = settings.set[key];
  const set = (text: string): void => change(withKey(settings, key, text));
  const { what, value, low, high, basis, source } = price;
  const ownText = durationText(value);
  const text = said ?? ownText;
  return (
    <div class="price">
      <SliderField
        label={name}
        hint={what}
        faults={faults.get(key)}
        other={otherText(view, ({ platform }) => durationText(platform.parameters[name] ?? value))}
        isMoved={said !== undefined}
        reset={() => set("")}
        text={text}
        // At its own value a price is the platform's again, with its basis.
        onText={(next) => set(next === ownText ? "" : next)}
        stops={priceStops(value, low, high)}
        value={parseDuration(text) ?? value}
        ends={[formatDuration(low), formatDuration(high)]}
      />
      <details class="source">
        <summary>
          <span class={`basis ${basis}`}>{basis}</span> {formatDuration(value)}, {formatDuration(low)} to{" "}
          {formatDuration(high)}
        </summary>
        <p>{source}</p>
      </details>
    </div>
  );
}
