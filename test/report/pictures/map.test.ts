// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../../src/cli/load.js";
import { formatMemoryMap } from "../../../src/memory-map/format.js";
import { MapRecorder } from "../../../src/memory-map/map-recorder.js";
import { parseDocument, type ResultDocument } from "../../../src/report/pictures/documents.js";
import { map } from "../../../src/report/pictures/map.js";
import type { Drawn } from "../../../src/report/pictures/picture.js";
import { renderSvg, titled } from "../../../src/report/pictures/render.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { parseAssignment } from "../../../src/scenario/set.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { LOADER } from "../../loader.js";
import { rowsResult } from "./results.js";

const test = suite("pictures: map of memory");

/** As the file of `run --map` is read. */
function mapOf(...assignments: readonly string[]): ResultDocument {
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const recorder = new MapRecorder();
  const row = runScenario(loaded!.scenario, loaded!.recording, { check: false, watch: recorder });
  return parseDocument(formatMemoryMap(recorder.map(row)), "map.json");
}

const LAZY = mapOf("platform.kind=tdx", "policy=lazy", "memory=16GiB", "vcpus=2");
const EAGER = mapOf("platform.kind=tdx", "policy=eager", "memory=16GiB", "vcpus=2");

function drawn(...results: readonly ResultDocument[]): Drawn {
  const one = map.draw(results, COLOURS.light);
  if (typeof one === "string") throw new Error(one);
  return one;
}

test("one map and two stay below 300 KiB, with at most 2,000 rectangles each", async () => {
  for (const results of [[LAZY], [LAZY, EAGER]]) {
    const svg = await renderSvg(titled(drawn(...results)), COLOURS.light);
    assert.ok(svg.length < 300 * 1024, `${svg.length} bytes`);
    assert.ok(svg.includes("early kernel") || results.length === 2);
    assert.ok(svg.includes("no memory, 2 GiB"));
    for (const layer of ["unaccepted", "accepted by firmware", "accepted on demand"])
      assert.ok(svg.includes(layer));
    assert.not(svg.includes("undefined") || svg.includes("NaN"));
  }
});

test("the description has the numbers of the table", () => {
  const { description, table } = drawn(LAZY);
  const demanded = table.rows.find(([layer]) => layer === "accepted on demand")!;
  assert.ok(description.includes(`accepted on demand ${demanded[2]}`));
  assert.equal(
    table.columns.map(({ head }) => head),
    ["layer", "most", "at the end", "first", "last"],
  );
});

test("of two maps the table has both, and the difference in bytes", () => {
  const { table } = drawn(LAZY, EAGER);
  const unaccepted = table.rows.find(([layer]) => layer === "unaccepted")!;
  assert.is(unaccepted.length, 10);
  assert.is(unaccepted[6], "0 B");
  assert.is(unaccepted[9], `-${unaccepted[2]}`);
  const swapped = drawn(EAGER, LAZY).table.rows.find(([layer]) => layer === "unaccepted")!;
  assert.is(swapped[9], unaccepted[2]);
});

test("what has no map is refused with the reason", () => {
  assert.is(map.draw([rowsResult()], COLOURS.light), "it needs a result of run --map");
  assert.is(map.draw([LAZY, EAGER, LAZY], COLOURS.light), "it shows one map, or two beside each other");
  assert.is(
    map.draw([mapOf("platform.kind=none", "policy=lazy", "memory=1GiB", "vcpus=1")], COLOURS.light),
    "none lazy 1 GiB: a plain guest has no memory to accept",
  );
});

test("a guest of which the accepts do not fit is drawn with its grain in the caption", () => {
  const coarse = mapOf("platform.kind=tdx", "policy=lazy", "memory=4GiB", "vcpus=1");
  if (coarse.kind !== "map") throw new Error("no map");
  const widened: ResultDocument = { ...coarse, map: { ...coarse.map, grainBytes: 2 ** 21, grainNs: 1024 } };
  assert.ok(drawn(widened).caveats.some((text) => text.endsWith("widened by up to 2 MiB and 1.02 us.")));
});

test.run();
