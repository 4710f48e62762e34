// Takes 10 s.
import { build } from "esbuild";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { MapRecorder } from "../../src/memory-map/map-recorder.js";
import type { MemoryMapFile, MemoryState } from "../../src/memory-map/memory-map.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { memoryStateAfter } from "../../src/study/memory-state.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";
import { browserSuite, type Visit } from "./browser.js";

const test = browserSuite("memory map: the view");

interface Mapped {
  readonly map: MemoryMapFile;
  readonly stateAfter: (n: number) => MemoryState;
}

function mapped(policy: string): Mapped {
  const assignments = ["platform.kind=tdx", `policy=${policy}`, "memory=4GiB", "vcpus=2"];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const { scenario, recording } = loaded!;
  const recorder = new MapRecorder();
  const row = runScenario(scenario, recording, { check: false, watch: recorder });
  return { map: recorder.map(row), stateAfter: (n) => memoryStateAfter(scenario, recording, n) };
}

const LAZY = mapped("lazy");
const EAGER = mapped("eager");
const N = LAZY.map.acceptsTotal - 3;

/** A page with the view alone, which knows the state after accept N. */
const PAGE = `
import { h, render } from "preact";
import { MapView } from "./src/explorer/views/map-view.js";
import { PAGE_COLOURS } from "./src/explorer/page/theme.js";
const data = JSON.parse(document.getElementById("data").textContent);
window.asked = [];
const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = theme;
function show(state) {
  const onAccept = (side, n) => {
    window.asked.push([side, n]);
    if (n === data.n) show(data.state);
  };
  render(h(MapView, { maps: data.maps, state, onAccept, colours: PAGE_COLOURS[theme] }), document.getElementById("main"));
}
show(undefined);
`;

async function pageWith(...maps: readonly MemoryMapFile[]): Promise<string> {
  const [script, style] = await Promise.all([
    build({
      stdin: { contents: PAGE, resolveDir: process.cwd(), loader: "ts" },
      bundle: true,
      write: false,
      format: "iife",
      jsx: "automatic",
      jsxImportSource: "preact",
      external: ["@colors/colors"],
    }),
    build({ entryPoints: ["src/explorer/page/page.css"], bundle: true, write: false }),
  ]);
  const data = { maps, n: N, state: LAZY.stateAfter(N) };
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Map</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><style>${style.outputFiles[0]!.text}</style></head>
<body><main><h1>Map</h1><div id="main"></div></main>
<script id="data" type="application/json">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>
<script>${script.outputFiles[0]!.text.replaceAll("</script", "<\\/script")}</script></body></html>`;
}

/** Colours on the first canvas: how many there are that are not the ground. */
async function painted({ page }: Visit): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector(".map-plot canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add(data[at] * 65536 + data[at + 1] * 256 + data[at + 2]);
    return seen.size;
  })()`);
}

test("the slider goes from accept to accept by keys, and asks for the state of each", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY.map));
  const slider = page.getByRole("slider");
  await slider.focus();
  for (const key of ["ArrowRight", "ArrowRight", "End"]) await page.keyboard.press(key);
  const total = LAZY.map.acceptsTotal;
  assert.equal(await page.evaluate("window.asked"), [
    [0, 1],
    [0, 2],
    [0, total],
  ]);
  const last = LAZY.map.accepts.at(-1)!;
  assert.ok(
    (await page.getByRole("status").allTextContents()).some((text) => text.includes(last.start.toString(16))),
  );
  await page.getByRole("button", { name: "Previous" }).click();
  assert.equal(await page.evaluate("window.asked.at(-1)"), [0, total - 1]);
  await visit.check();
});

test("the state beside has the numbers of the simulation", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY.map));
  await page.getByRole("slider").fill(String(N));
  const state = LAZY.stateAfter(N);
  const rows = await page.locator(".map-lists tbody tr").allTextContents();
  assert.is(rows.length, state.freeLists.length);
  const { node, zone, migratetype, blocks } = state.freeLists[0]!;
  assert.is(rows[0], `${node} ${zone} ${migratetype}${blocks.join("")}`);
  const [start] = state.bitmap[0]!;
  assert.ok(
    (await page.locator(".map-strip").allTextContents()).some((text) => text.includes(start.toString(16))),
  );
  await visit.check();
});

test("layers go and come, and the map has what is left", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY.map));
  const before = await painted(visit);
  assert.ok(before >= 5, `${before} colours`);
  await page.getByLabel("accepted on demand").uncheck();
  assert.ok((await painted(visit)) < before);
  await page.getByLabel("host-backed").check();
  assert.ok((await painted(visit)) >= before);
});

test("keys zoom and move the map that has the focus, and pointing tells what lies there", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY.map));
  const plot = page.locator(".map-plot");
  const scales = page.locator(".map-scales");
  const all = await scales.textContent();
  await plot.focus();
  await page.keyboard.press("+");
  assert.is.not(await scales.textContent(), all);
  await page.keyboard.press("0");
  assert.is(await scales.textContent(), all);
  await plot.locator("canvas").hover({ position: { x: 2, y: 2 } });
  assert.match((await page.locator(".map-pointed").textContent())!, /^0x[0-9a-f]+ at .*: unaccepted, 0x/);
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [400, 1400]) {
    test(`two maps beside their difference in ${scheme} at ${width} pixels`, async (visit) => {
      await visit.open(await pageWith(LAZY.map, EAGER.map), { width, scheme });
      await visit.page.getByRole("slider").first().fill(String(N));
      assert.is(await visit.page.locator(".map-panel").count(), 3);
      await visit.check();
      await visit.shot(`map-view-${scheme}-${width}`);
    });
  }
}

test.run();
