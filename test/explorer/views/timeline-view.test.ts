// Takes 16 s.
import { build } from "esbuild";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../../src/cli/load.js";
import type { RunResult } from "../../../src/results/row.js";
import { parseAssignment } from "../../../src/scenario/set.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { Recorder, type Timeline } from "../../../src/timeline/recorder.js";
import { formatDuration } from "../../../src/units.js";
import { browserSuite } from "../../browser/browser.js";
import { LOADER } from "../../loader.js";

const test = browserSuite("explorer: timeline view");

const ROOT = new URL("../../../", import.meta.url).pathname;

/** A page with nothing but the view. */
const SAMPLE = `
import { render } from "preact";
import { COLOURS } from "./src/index.js";
import { TimelineView } from "./src/explorer/views/timeline-view.js";
const timelines = JSON.parse(document.getElementById("timelines").textContent);
const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = scheme;
globalThis.show = (shown) =>
  render(<TimelineView timelines={shown} colours={COLOURS[scheme]} />, document.getElementById("page"));
show(timelines);
`;

let script: Promise<string> | undefined;

function bundled(): Promise<string> {
  script ??= build({
    stdin: { contents: SAMPLE, resolveDir: ROOT, loader: "tsx" },
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    external: ["@colors/colors"],
    logLevel: "error",
  }).then(({ outputFiles }) => outputFiles[0]!.text);
  return script;
}

interface Recorded {
  readonly row: RunResult;
  readonly timeline: Timeline;
}

const made = new Map<string, Recorded>();

function record(...assignments: string[]): Recorded {
  const key = assignments.join(" ");
  const known = made.get(key);
  if (known !== undefined) return known;
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const recorder = new Recorder();
  const row = runScenario(loaded!.scenario, loaded!.recording, { check: false, recorder });
  const recorded = { row, timeline: recorder.timeline() };
  made.set(key, recorded);
  return recorded;
}

const lazy = (): Recorded => record("platform.kind=tdx", "policy=lazy", "memory=16GiB", "vcpus=4");
const eager = (): Recorded => record("platform.kind=tdx", "policy=eager", "memory=16GiB", "vcpus=4");
const many = (): Recorded =>
  record(
    "platform.kind=tdx",
    "policy=lazy",
    "memory=8GiB",
    "vcpus=32",
    "workload=generate:heap?size=4GiB&threads=16",
  );

async function pageOf(...timelines: readonly Timeline[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}src/explorer/page/page.css`],
    bundle: true,
    write: false,
  });
  const css = outputFiles[0]!.text;
  const data = JSON.stringify(timelines).replaceAll("<", "\\u003c");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Timeline</title><style>${css}</style></head>
<body><main style="display:block;padding:10px"><h1>Timeline</h1><div id="page"></div></main><script type="application/json" id="timelines">${data}</script>
<script>${(await bundled()).replaceAll("</script", "<\\/script")}</script></body></html>`;
}

const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.textContent(selector)) ?? "";

const told = (page: Page): Promise<string> => textOf(page, ".timeline-selection");

for (const scheme of ["light", "dark"] as const) {
  for (const width of [400, 1400]) {
    test(`two timelines are sound, ${scheme}, ${width} pixels wide`, async ({ page, open, check, shot }) => {
      await open(await pageOf(lazy().timeline, eager().timeline), { scheme, width });
      await check();
      await page.click("text=Next wait");
      await page.click("summary");
      await check();
      await shot(`timeline-${scheme}-${width}`);
    });
  }
}

test("the next wait is the first that the run had, with its flow to the accept and the dearest event", async ({
  page,
  open,
}) => {
  const { timeline, row } = lazy();
  await open(await pageOf(timeline));
  await page.focus("canvas");
  await page.keyboard.press("n");
  const text = await told(page);
  assert.match(text, /^allocation waits at \d\S* s for \d\S* ms on vCPU 0, in early kernel/);
  assert.match(text, /Waits for: *allocation waits [^→]*→ *kernel accepts [^→]*→ *eptViolation4k/);
  await page.click("text=/^kernel accepts/");
  assert.match(
    await told(page),
    /^kernel accepts at .* start 0x[0-9a-f]+, bytes [\d,]+, in .* › allocation waits\./,
  );
  await page.click("summary");
  const caption = await textOf(page, "caption");
  assert.is(caption, `10 of ${row.waits.boot.count + row.waits.workload.count} waits`);
  const cells = await textOf(page, "tbody tr:first-child");
  const [first] = row.phases.filter(({ ns }) => ns > 0);
  assert.ok(cells.includes(first!.name) && cells.includes(formatDuration(first!.ns)), cells);
});

test("keys go through slices, zoom, move and come back", async ({ page, open, shot }) => {
  await open(await pageOf(lazy().timeline));
  await page.focus("canvas");
  const press = async (...keys: string[]): Promise<string> => {
    for (const key of keys) await page.keyboard.press(key);
    return told(page);
  };
  assert.match(await press("."), /^launch /);
  assert.match(await press("."), /^firmware /);
  const inner = await press("ArrowDown");
  assert.match(inner, /, in firmware\.$/m);
  assert.match(await press("ArrowUp"), /^firmware /);
  assert.is(await page.isDisabled("text=Whole run"), true);
  await press("Enter", "+", "d");
  await shot("timeline-near");
  assert.is(await page.isDisabled("text=Whole run"), false);
  await press("Home");
  assert.is(await page.isDisabled("text=Whole run"), true);
  assert.match(await press("Escape"), /No slice is picked/);
});

test("with another run a part of time stays in sight, and a whole run stays whole", async ({
  page,
  open,
}) => {
  await open(await pageOf(lazy().timeline));
  const show = (timeline: Timeline): Promise<unknown> => page.evaluate(`show([${JSON.stringify(timeline)}])`);
  const isWhole = (): Promise<boolean> => page.isDisabled("text=Whole run");
  await page.focus("canvas");
  await page.keyboard.press("n");
  await show(eager().timeline);
  await page.waitForSelector("text=No slice is picked");
  assert.is(await isWhole(), true);
  for (let times = 0; times < 6; times++) await page.keyboard.press("+");
  await show(lazy().timeline);
  assert.is(await isWhole(), false);
});

test("a click picks what lies there, a drag moves time and picks nothing", async ({ page, open }) => {
  const { timeline } = lazy();
  await open(await pageOf(timeline), { width: 1000 });
  const box = (await page.locator("canvas").boundingBox())!;
  const endNs = Math.max(...timeline.cpus.map((slices) => slices.at(-1)?.endNs ?? 0));
  const firmware = timeline.cpus[0]!.find(({ what }) => what === "firmware")!;
  const x = 150 + ((firmware.startNs + firmware.endNs) / 2 / endNs) * (box.width - 150);
  // Axis, counters, marks, and half of the first row.
  const y = 24 + 84 + 28 + 8;
  await page.mouse.click(box.x + x, box.y + y);
  assert.match(await told(page), /^firmware at /);
  await page.keyboard.press("Escape");
  await page.click("text=Closer");
  await page.mouse.move(box.x + 600, box.y + y);
  await page.mouse.down();
  await page.mouse.move(box.x + 300, box.y + y, { steps: 5 });
  await page.mouse.up();
  assert.match(await told(page), /No slice is picked/);
  await page.mouse.dblclick(box.x + 700, box.y + y);
  assert.match(await told(page), / on vCPU 0/);
});

test("of many vCPUs the busiest are shown, and all when asked for", async ({ page, open, check, shot }) => {
  await open(await pageOf(many().timeline), { width: 1000 });
  const height = async (): Promise<number> => (await page.locator("canvas").boundingBox())!.height;
  const few = await height();
  assert.match(await textOf(page, ".timeline-hint"), /\d+ less busy vCPUs are folded/);
  await shot("timeline-many");
  await page.click("text=/^All vCPUs, \\d+ more/");
  assert.ok((await height()) > few + 100);
  await check();
  await shot("timeline-all");
  await page.click("text=/^The busiest 6/");
  assert.is(await height(), few);
});

test("what a run calls its slices stays text", async ({ page, open, check }) => {
  const name = "<script>document.title='x'</script><img src=x onerror=alert(1)>";
  const slice = { what: name, cpu: 0, startNs: 0, endNs: 100, children: [], details: { "<b>": "</script>" } };
  const timeline = {
    cpus: [[slice]],
    moments: [{ what: name, cpu: 0, atNs: 50 }],
    memory: [],
    mergedBelowNs: 0,
  };
  await open(await pageOf({ ...timeline, momentsMergedBelowNs: 0 }));
  await page.focus("canvas");
  await page.keyboard.press(".");
  assert.ok((await told(page)).includes(name));
  assert.is(await page.title(), "Timeline");
  await check();
});

test.run();
