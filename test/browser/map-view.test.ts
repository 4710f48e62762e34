// Takes 12 s.
import { build } from "esbuild";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { MapRecorder } from "../../src/memory-map/map-recorder.js";
import type { MemoryMapFile } from "../../src/memory-map/memory-map.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";
import { browserSuite, type Visit } from "./browser.js";

const test = browserSuite("memory map: the view");

function mapped(policy: string): MemoryMapFile {
  const assignments = ["platform.kind=tdx", `policy=${policy}`, "memory=4GiB", "vcpus=2"];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const recorder = new MapRecorder();
  const row = runScenario(loaded!.scenario, loaded!.recording, { check: false, watch: recorder });
  return recorder.map(row);
}

const LAZY = mapped("lazy");
const EAGER = mapped("eager");

/** A page with the view alone, and what moves its line. */
const PAGE = `
import { h, render } from "preact";
import { MapView } from "./src/explorer/views/map-view.js";
import { PAGE_COLOURS } from "./src/explorer/page/theme.js";
const { maps } = JSON.parse(document.getElementById("data").textContent);
const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = theme;
window.look = (...accepts) =>
  render(h(MapView, { maps, accepts, colours: PAGE_COLOURS[theme] }), document.getElementById("main"));
window.look();
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
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Map</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><style>${style.outputFiles[0]!.text}</style></head>
<body><main><h1>Map</h1><div id="main"></div></main>
<script id="data" type="application/json">${JSON.stringify({ maps }).replaceAll("<", "\\u003c")}</script>
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

/** Effects of the view have run. */
async function nextFrame({ page }: Visit): Promise<void> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))");
}

test("layers go and come, and the map has what is left", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY));
  await nextFrame(visit);
  const before = await painted(visit);
  assert.ok(before >= 5, `${before} colours`);
  await page.getByRole("checkbox", { name: "accepted on demand" }).uncheck();
  await nextFrame(visit);
  assert.ok((await painted(visit)) < before);
  await page.getByRole("checkbox", { name: "host-backed" }).check();
  await nextFrame(visit);
  assert.ok((await painted(visit)) >= before);
});

test("a line stands at the accept that somebody looks at", async (visit) => {
  await visit.open(await pageWith(LAZY));
  const picture = (): Promise<string> =>
    visit.page.evaluate<string>("document.querySelector('.map-plot canvas').toDataURL()");
  const before = await picture();
  await visit.page.evaluate("look(100)");
  await nextFrame(visit);
  const first = await picture();
  assert.is.not(first, before);
  await visit.page.evaluate("look(120)");
  await nextFrame(visit);
  assert.is.not(await picture(), first);
});

test("keys zoom and move the map that has the focus, and pointing tells what lies there", async (visit) => {
  const { page } = visit;
  await visit.open(await pageWith(LAZY));
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
      await visit.open(await pageWith(LAZY, EAGER), { width, scheme });
      await visit.page.evaluate(`look(${LAZY.acceptsTotal - 3}, 20)`);
      assert.is(await visit.page.locator(".map-panel").count(), 3);
      await visit.check();
      await nextFrame(visit);
      await visit.shot(`map-view-${scheme}-${width}`);
    });
  }
}

test.run();
