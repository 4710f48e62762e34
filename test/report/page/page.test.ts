// Takes 3 s.
import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PriceSet } from "../../../src/coco/price-set.js";
import { LAYERS } from "../../../src/memory-map/layers.js";
import type { MemoryMapFile } from "../../../src/memory-map/memory-map.js";
import { reportPage } from "../../../src/report/page/page.js";
import { picturesOf } from "../../../src/report/pictures/pictures.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { formatTable } from "../../../src/report/rows.js";
import type { CompareRow } from "../../../src/results/row.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { AROUND, comparison, tagsOf } from "./results.js";

const test = suite("report: page");

/** One result, and two; each page is made once. */
const one = reportPage([comparison()], AROUND);
const two = one.then(() => reportPage([comparison("a.json"), comparison("b.json")], AROUND));

test("it begins with what compare says", async () => {
  const page = await one;
  const { rows } = comparison() as { readonly rows: readonly CompareRow[] };
  const [said] = formatTable(rows).split("\n\n");
  const [lead] = tagsOf(page).filter(({ attributes }) => attributes.class === "lead");
  assert.ok(said!.replaceAll(/\n */g, " ").startsWith(lead!.text), lead!.text);
  assert.match(page, "lazy is ready 8 times earlier than eager");
  assert.match(page, "1 of 3 runs failed: background");
});

test("nothing in it leads outside, and nothing runs", async () => {
  const page = await two;
  const tags = tagsOf(page);
  const ids = new Set(tags.map(({ attributes }) => attributes.id));
  for (const { name, attributes } of tags) {
    assert.not.ok(["script", "link", "iframe", "object", "img", "base"].includes(name), name);
    for (const [key, value] of Object.entries(attributes)) {
      assert.not.ok(key.startsWith("on") || key === "style" || key === "src", key);
      if (key !== "href") continue;
      assert.match(value, /^#/);
      assert.ok(ids.has(value.slice(1)), value);
    }
  }
  assert.not.match(page, /url\((?!#)|@import/);
});

test("its policy allows its own style by hash, and nothing else", async () => {
  const page = await one;
  const [, style] = /<style>(.*?)<\/style>/s.exec(page)!;
  const hash = createHash("sha256").update(style!).digest("base64");
  const policy = tagsOf(page).find(({ attributes }) => "http-equiv" in attributes)!.attributes.content;
  assert.is(policy, `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
});

test("pictures have the colours of both themes, and the page switches them", async () => {
  const [day, night] = [COLOURS.light.series[0], COLOURS.dark.series[0]];
  const [, name] = new RegExp(`:root\\{[^}]*(--p\\d+):${day};`).exec(await one) ?? [];
  assert.ok(name !== undefined, day);
  assert.match(await one, new RegExp(`prefers-color-scheme:dark\\)\\{:root\\{[^}]*${name}:${night};`));
  assert.match(await one, `fill="var(${name})"`);
});

test("names from inputs stay text wherever they show", async () => {
  const evil = `</style></svg><script>alert(1)</script><img src=x onerror="alert(2)">'\u001b[31m`;
  const rows = [evil, "eager"].map((policy, at) =>
    rowWith({
      policy,
      scenario: evil,
      workload: evil,
      bootTimeNs: (at + 1) * 4e9,
      settings: { [`strategy.${evil}`]: evil, [evil]: evil },
      phases: [{ name: evil, ns: 4e9 }],
      remarks: [evil],
    }),
  );
  const page = await reportPage([{ file: evil, kind: "rows", rows }], AROUND);
  for (const { name, attributes } of tagsOf(page)) {
    assert.not.ok(["script", "img"].includes(name), name);
    assert.not.ok("onerror" in attributes);
  }
  assert.is(page.match(/<\/style>/g)!.length, 1);
  assert.not.match(page, "\u001b");
  assert.match(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
});

test("the same results give the same bytes, whatever was drawn before", async () => {
  const first = await one;
  await two;
  assert.ok(first === (await reportPage([comparison()], AROUND)));
});

test("each picture has its table, with the values that it was drawn from", async () => {
  const page = await one;
  const pictures = picturesOf([comparison()], COLOURS.light);
  assert.ok(pictures.length >= 2);
  for (const { drawn } of pictures) {
    const at = page.indexOf(`<summary>The data of “${drawn.title}”`);
    assert.ok(at > 0, drawn.title);
    const table = tagsOf(page.slice(at, page.indexOf("</table>", at)));
    const cells = table.filter(({ name, attributes }) => name === "td" || attributes.scope === "row");
    assert.equal(
      cells.map(({ text }) => text),
      drawn.table.rows.flat(),
    );
    assert.equal(
      table.filter(({ attributes }) => attributes.scope === "col").map(({ text }) => text),
      drawn.table.columns.map(({ head }) => head),
    );
  }
});

test("headings go down one step at a time, and every id is there once", async () => {
  const tags = tagsOf(await two);
  const levels = tags.filter(({ name }) => /^h\d$/.test(name)).map(({ name }) => Number(name[1]));
  assert.is(levels[0], 1);
  levels.slice(1).forEach((level, at) => {
    assert.ok(level > 1 && level <= levels[at]! + 1, `h${levels[at]} h${level}`);
  });
  const ids = tags.flatMap(({ attributes }) => attributes.id ?? []);
  assert.is(new Set(ids).size, ids.length);
});

test("every picture, table and command can be reached by the keyboard and has a name", async () => {
  const tags = tagsOf(await one);
  const boxes = tags.filter(({ attributes }) => attributes.class === "scroll");
  assert.ok(boxes.length > 6);
  for (const { attributes } of boxes) {
    assert.is(attributes.tabindex, "0");
    assert.is(attributes.role, "region");
    assert.match(attributes["aria-label"]!, /, of rows\.json$/);
  }
  assert.is(new Set(boxes.map(({ attributes }) => attributes["aria-label"])).size, boxes.length);
});

test("several results have a section each, and one list of contents", async () => {
  const tags = tagsOf(await two);
  assert.equal(
    tags.filter(({ name }) => name === "h2").map(({ text }) => text.split(":")[0]),
    ["a.json", "b.json"],
  );
  assert.is(tags.filter(({ name }) => name === "nav").length, 1);
});

test("a price that the scenario sets says what it is in place of", async () => {
  const rows = [rowWith({ eventPrices: { tdcall: 900 }, costs: { tdcall: 1 } })];
  const page = await reportPage([{ file: "rows.json", kind: "rows", rows }], AROUND);
  assert.match(
    page,
    /tdcallNs<\/th><td>900 ns<\/td>.*?<td>set by the scenario<\/td>.*?in place of 800 ns \(assumed: /,
  );
});

test("prices of a machine have its sources, where the program has them", async () => {
  const rows = [rowWith({ prices: "mine", eventPrices: { tdcall: 600 }, costs: { tdcall: 1 } })];
  const price = { value: 600, low: 500, high: 700, basis: "measured", source: "my readings" } as const;
  const mine = { name: "mine", description: "My machine.", platform: "tdx", prices: { tdcallNs: price } };
  const pageWith = (set: object | undefined): Promise<string> =>
    reportPage([{ file: "rows.json", kind: "rows", rows }], {
      ...AROUND,
      pricesNamed: (name) => (name === "mine" ? (set as PriceSet | undefined) : undefined),
    });
  const page = await pageWith(mine);
  assert.match(page, "<h4>Prices of tdx on mine</h4><p>My machine.</p>");
  assert.match(
    page,
    /tdcallNs<\/th><td>600 ns<\/td><td>500 ns<\/td><td>700 ns<\/td><td>measured<\/td>.*?my readings/,
  );
  const without = await pageWith(undefined);
  assert.match(
    without,
    "The prices mine do not come with this program, and results do not have their sources.",
  );
  assert.match(without, "Runs that have no command line here: the prices mine do not come with the program");
});

/** A guest whose firmware accepts a part of its memory, and the kernel another one. */
function mapOf(policy: string): MemoryMapFile {
  const layer = { what: "RAM that nobody has accepted", grainBytes: 4096, grainNs: 0, peakBytes: 4 * GiB };
  return {
    schemaVersion: 1,
    kind: "memory map",
    name: `tdx ${policy} 4 GiB`,
    run: {
      scenario: "boot",
      platform: "tdx",
      policy,
      kernel: "6.12",
      prices: "default",
      workload: "idle",
      memoryBytes: 4 * GiB,
      vcpus: 2,
    },
    endNs: 9e9,
    spanBytes: 4 * GiB,
    grainBytes: 4096,
    grainNs: 0,
    acceptsTotal: 1,
    acceptsEvery: 1,
    phases: [{ name: "launch", startNs: 0, endNs: 2e9 }],
    layers: [
      { name: "unaccepted", ...layer, endBytes: 3 * GiB },
      { name: LAYERS.firmware.name, ...layer, endBytes: GiB },
    ],
    areas: [
      [0, 0, 4 * GiB, 0, 9e9],
      [1, 0, GiB, 3e9, 9e9],
    ],
    accepts: [{ n: 1, atNs: 8e9, cpu: 0, start: 0x1000, bytes: GiB, by: LAYERS.firmware.name }],
  };
}

test("a memory map tells its layers, and how to make it again", async () => {
  const page = await reportPage([{ file: "lazy.json", kind: "map", map: mapOf("lazy") }], AROUND);
  assert.match(
    page,
    '<p class="lead">tdx lazy 4 GiB: 1 accept in 9 s.</p><p>When it ended: 3 GiB unaccepted, 1 GiB accepted by firmware.</p>',
  );
  assert.match(
    page,
    '<th scope="row">unaccepted</th><td>4 GiB</td><td>3 GiB</td><td>RAM that nobody has accepted</td>',
  );
  assert.match(page, "<td>8 s</td><td>0</td><td>0x1000</td><td>1 GiB</td><td>accepted by firmware</td>");
  assert.match(
    page,
    "unaccepted run boot --platform tdx --policy lazy --vcpus 2 --kernel 6.12 --workload idle --memory 4GiB --map lazy.json",
  );
  assert.match(page, "<dt>schemaVersion</dt><dd>1</dd>");
});

test("two memory maps are also shown side by side", async () => {
  const maps = ["lazy", "eager"].map((policy) => ({
    file: `${policy}.json`,
    kind: "map" as const,
    map: mapOf(policy),
  }));
  const titles = tagsOf(await reportPage(maps, AROUND)).filter(({ name }) => /^h[24]$/.test(name));
  assert.equal(
    titles.map(({ text }) => text),
    [
      "lazy.json: Memory map of tdx lazy 4 GiB",
      "Memory of tdx lazy 4 GiB over time",
      "eager.json: Memory map of tdx eager 4 GiB",
      "Memory of tdx eager 4 GiB over time",
      "Both memory maps",
      "Memory of tdx lazy 4 GiB and tdx eager 4 GiB",
    ],
  );
});

test("it tells when it has looked for a picture, and ends where that throws", async () => {
  let calls = 0;
  const stop = async (): Promise<void> => {
    calls++;
    if (calls === 2) throw new Error("enough");
  };
  try {
    await reportPage([comparison()], AROUND, stop);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, "enough");
  }
  assert.is(calls, 2);
});

test.run();
