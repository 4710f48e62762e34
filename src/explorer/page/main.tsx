/** Where the page begins: its resources, the settings of its address, and the desk that both go to. */

import { render } from "preact";
import { config } from "zod";
import { bundledPrices } from "../bundled-prices.js";
import { Simulator } from "../client.js";
import { givenFiles, pageResources } from "../resources.js";
import { fragmentToSettings, settingsToFragment } from "../settings.js";
import { App } from "./app.js";
import { Desk, type DeskState } from "./desk.js";
import { takeInAll } from "./take-in.js";

// Reads without making code as it goes, which the page's policy forbids.
config({ jitless: true });

const resources = pageResources();
const { catalogue } = resources;
const bundled = { catalogue, prices: bundledPrices(catalogue) };
const root = document.getElementById("page")!;

const desk: Desk = new Desk(
  {
    quick: new Simulator(resources),
    views: new Simulator(resources),
    slow: new Simulator(resources),
    prices: bundled.prices,
    base: { name: "boot", text: catalogue.boot, isBundled: true },
    restMs: 450,
    told: show,
    rested: keepInAddress,
  },
  fragmentToSettings(location.hash),
);

function show(state: DeskState): void {
  render(<App desk={desk} state={state} bundled={bundled} />, root);
}

/** Each rest is a step of the browser's history. */
function keepInAddress({ a, b }: DeskState): void {
  const fragment = settingsToFragment({ a: a.settings, ...(b === undefined ? {} : { b: b.settings }) });
  if (fragment !== currentFragment()) location.hash = fragment;
}

/** What the address holds, as this page would write it. */
function currentFragment(): string {
  return settingsToFragment(fragmentToSettings(location.hash));
}

addEventListener("hashchange", () => {
  const { a, b } = desk.state;
  const own = settingsToFragment({ a: a.settings, ...(b === undefined ? {} : { b: b.settings }) });
  if (own !== currentFragment()) desk.load(fragmentToSettings(location.hash));
});

show(desk.state);
desk.start();
givenFiles().then(
  (files) => takeInAll(desk, files, bundled.prices),
  (error: unknown) => desk.remark([error instanceof Error ? error.message : String(error)]),
);
