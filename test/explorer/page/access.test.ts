// Takes 77 s.
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { browserSuite } from "../../browser/browser.js";
import { moving, numberOf, textOf, withPage } from "./visit.js";

const test = browserSuite("explorer: the page for everybody");

/** Everything that can be used or scrolled, as far as it is shown. */
const CONTROLS = `[...document.querySelectorAll("button, input, select, textarea, summary, [tabindex]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0)
  // Of a group of radios the keyboard reaches the one that is checked, and arrows the others.
  .filter((one) => one.type !== "radio" || one.checked)`;

/** Opens all of a page with two sides, and waits until both are in each view. */
async function openAll(page: Page): Promise<void> {
  const open = (): Promise<void> =>
    page.evaluate(`document.querySelectorAll("details").forEach((one) => { one.open = true; })`);
  const timeout = 20_000;
  await open();
  await page.locator(".drawing svg").first().waitFor({ timeout });
  await page.locator(".timeline-table caption", { hasText: ";" }).waitFor({ state: "attached", timeout });
  // Of A, of B, and the difference.
  await page.locator(".map-plot canvas").nth(2).waitFor({ timeout });
  for (const side of [0, 1]) {
    await page.locator(".after-accept").nth(side).locator(".memory-strip").first().waitFor({ timeout });
  }
  // What was behind a title that was behind another, or came since; then the data of that picture.
  await open();
  const picture = page.locator("summary", { hasText: "The map as a picture" }).locator("xpath=..");
  await picture.locator(".drawing svg").first().waitFor({ timeout });
  await open();
}

test("the keyboard reaches every control, in the order of the page, and shows where it is", async (visit) => {
  await withPage(visit, "#memory=2GiB&b.memory=2GiB&b.policy=eager", async (page) => {
    // What comes later is there before anything is counted.
    for (const side of ["a", "b"]) {
      const boot = page.locator(`.side-${side}[data-measure="bootTimeNs"]`, {
        hasText: "over what is assumed",
      });
      await boot.waitFor({ timeout: 60_000 });
    }
    await openAll(page);
    await page.evaluate(`{
      document.body.tabIndex = -1;
      document.body.focus();
      const all = ${CONTROLS}.filter((one) => one !== document.body);
      all.forEach((one, at) => { one.dataset.at = String(at); });
      window.controls = all.length;
      window.reached = [];
      addEventListener("focusin", ({ target }) => {
        window.reached.push(target.dataset.at ?? target.outerHTML.slice(0, 80));
        const { outlineStyle, outlineWidth } = getComputedStyle(target);
        if (outlineStyle === "none" || outlineWidth === "0px") window.reached.push("unseen " + target.outerHTML.slice(0, 80));
      });
    }`);
    const count = await page.evaluate<number>("window.controls");
    assert.ok(count > 60, `only ${count} controls`);
    for (let at = 0; at < count; at++) await page.keyboard.press("Tab");
    const reached = await page.evaluate<string[]>("window.reached");
    assert.equal(
      reached,
      Array.from({ length: count }, (_value, at) => String(at)),
    );
  });
});

for (const scheme of ["light", "dark"] as const) {
  test(`nothing is at fault in ${scheme} from 400 to 1400 pixels, with everything open`, async (visit) => {
    const fragment = "#memory=2GiB&vcpus=2&b.memory=6GiB&b.policy=background&b.set.host.pageSize=2MiB";
    await withPage(
      visit,
      fragment,
      async (page) => {
        await visit.check();
        await visit.shot(`explorer-${scheme}`);
        await openAll(page);
        for (const width of [1400, 800, 400]) {
          await page.setViewportSize({ width, height: 900 });
          await visit.check();
          await visit.shot(`explorer-${scheme}-${width}`);
        }
      },
      { scheme },
    );
  });
}

test("the page has no fault before its first answer, and none without one", async (visit) => {
  await withPage(visit, "#memory=3x", async (page) => {
    await page.getByRole("alert").waitFor();
    assert.match(await textOf(page.getByRole("alert")), "These settings make no run.");
    await visit.check();
  });
});

test("light and dark follow the system, and a button", async (visit) => {
  await withPage(
    visit,
    "#memory=2GiB",
    async (page) => {
      const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
      // The page answers a click a moment later.
      const choose = async (name: string): Promise<void> => {
        await page.getByRole("button", { name, exact: true }).click();
        await page.waitForSelector(`:root[data-theme="${name.toLowerCase()}"]`, { state: "attached" });
      };
      const dark = await ground();
      await choose("Light");
      const light = await ground();
      assert.is.not(light, dark);
      await visit.check();
      await choose("Dark");
      assert.is(await ground(), dark);
    },
    { scheme: "dark" },
  );
});

test("the new boot time is told once the settings rest, with what it became", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const told = page.locator("#announcement");
    assert.is(await told.getAttribute("aria-live"), "polite");
    await moving(page, () => page.getByRole("textbox", { name: "Memory", exact: true }).fill("6GiB"));
    await page.locator("#announcement", { hasText: "than before" }).waitFor();
    assert.match(await textOf(told), `A: boot ${await numberOf(page, "bootTimeNs")}, +`);
  });
});

test("on paper the answer stands alone", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    await page.emulateMedia({ media: "print" });
    assert.not.ok(await page.locator(".settings").isVisible());
    assert.ok(await page.locator(".answer").isVisible());
  });
});

test.run();
