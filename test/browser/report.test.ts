// Takes 28 s.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { reportPage } from "../../src/report/page/page.js";
import { parseDocument } from "../../src/report/pictures/documents.js";
import { AROUND } from "../report/page/results.js";
import { browserSuite } from "./browser.js";

const test = browserSuite("browser: report");

const RESULTS = join(import.meta.dirname, "../../results");

const pages = new Map<string, Promise<string>>();

/** Of results as they were committed; each is made once. */
function pageOf(...names: readonly string[]): Promise<string> {
  const key = names.join(" ");
  const documents = names.map((name) => parseDocument(readFileSync(join(RESULTS, name), "utf8"), name));
  const page = pages.get(key) ?? reportPage(documents, AROUND);
  pages.set(key, page);
  return page;
}

for (const scheme of ["light", "dark"] as const) {
  for (const width of [400, 1400]) {
    test(`a comparison and a tuning are sound, ${scheme}, ${width} pixels wide`, async (visit) => {
      await visit.open(await pageOf("boot.json", "tune/tdx.json"), { scheme, width });
      await visit.check();
      await visit.shot(`report-${scheme}-${width}`);
    });
  }
}

test("with all its details open, too", async (visit) => {
  await visit.open(await pageOf("boot.json"), { width: 400 });
  await visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
  await visit.check();
});

test("pictures have the colours of the theme", async (visit) => {
  const text = await pageOf("boot.json");
  const background = "getComputedStyle(document.querySelector('figure svg rect')).fill";
  const scheme = async (name: "light" | "dark"): Promise<unknown> => {
    await visit.open(text, { scheme: name });
    return visit.page.evaluate(background);
  };
  assert.is(await scheme("light"), "rgb(255, 255, 255)");
  assert.is(await scheme("dark"), "rgb(13, 17, 23)");
});

test("the keyboard reaches every box and every detail, and shows where it is", async (visit) => {
  await visit.open(await pageOf("boot.json"));
  const all = Number(await visit.page.evaluate("document.querySelectorAll('a, summary, .scroll').length"));
  const hidden = Number(
    await visit.page.evaluate("document.querySelectorAll('details:not([open]) .scroll').length"),
  );
  const seen = new Set<unknown>();
  for (let press = 0; press < all; press++) {
    await visit.page.keyboard.press("Tab");
    const [at, outline] = (await visit.page.evaluate(
      "[[...document.querySelectorAll('body *')].indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle]",
    )) as [number, string];
    if (at < 0 || seen.has(at)) break;
    assert.is(outline, "solid");
    seen.add(at);
  }
  assert.is(seen.size, all - hidden);
});

test("the skip link leads past the contents", async (visit) => {
  await visit.open(await pageOf("boot.json"));
  await visit.page.keyboard.press("Tab");
  await visit.page.keyboard.press("Enter");
  assert.is(await visit.page.evaluate("document.activeElement.id"), "content");
});

test("a narrow page scrolls pictures rather than making their text small", async (visit) => {
  await visit.open(await pageOf("boot.json"), { width: 400 });
  const [scroll, width, letters] = (await visit.page.evaluate(
    "(() => { const svg = document.querySelector('svg.wide'); const box = svg.closest('.scroll');" +
      " return [box.scrollWidth, box.clientWidth, svg.querySelector('text').getBoundingClientRect().height]; })()",
  )) as [number, number, number];
  assert.ok(scroll > width, `${scroll} in ${width}`);
  assert.ok(letters >= 10, `${letters} pixels high`);
});

test("on paper all details are open, and nothing is cut at the side", async (visit) => {
  await visit.open(await pageOf("boot.json"), { width: 700, scheme: "dark" });
  await visit.page.emulateMedia({ media: "print", colorScheme: "dark" });
  const [open_, background, cut] = (await visit.page.evaluate(
    "[[...document.querySelectorAll('details table')].every((one) => one.getBoundingClientRect().height > 20)," +
      " getComputedStyle(document.body).backgroundColor," +
      " [...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1).length]",
  )) as [boolean, string, number];
  assert.ok(open_);
  assert.is(background, "rgb(255, 255, 255)");
  assert.is(cut, 0);
});

test("markup in names shows as text", async (visit) => {
  const name = "<script>document.title = 'run'</script><b id=bold>\"x\"";
  const text = readFileSync(join(RESULTS, "boot.json"), "utf8").replaceAll('"lazy"', JSON.stringify(name));
  await visit.open(await reportPage([parseDocument(text, name)], AROUND));
  await visit.check();
  assert.is(await visit.page.title(), `Report on ${name}`);
  assert.is(await visit.page.evaluate("document.querySelectorAll('script, #bold').length"), 0);
});

test.run();
