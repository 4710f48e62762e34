// Takes 78 s.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { browserSuite } from "../../browser/browser.js";
import { commandBox, moving, numberOf, printedBy, rest, textOf, withPage } from "./visit.js";

const test = browserSuite("explorer: numbers of the page");

test("a slider that the keyboard moves changes the numbers to exactly what the command line prints", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const before = await numberOf(page, "bootTimeNs");
    const slider = page.getByRole("slider", { name: "Memory, slider" });
    await slider.focus();
    await moving(page, async () => {
      for (let step = 0; step < 8; step++) await page.keyboard.press("ArrowRight");
    });
    assert.is(await page.getByRole("textbox", { name: "Memory", exact: true }).inputValue(), "4GiB");
    assert.is.not(await numberOf(page, "bootTimeNs"), before);
    await page.getByText("Take it along").click();
    const printed = await printedBy(await commandBox(page).inputValue());
    await page.getByText("All numbers").click();
    const [boot, workload, total, overhead] = await Promise.all(
      ["bootTimeNs", "workloadTimeNs", "totalTimeNs", "overheadBytes"].map((name) => numberOf(page, name)),
    );
    assert.match(printed, `is ready after ${boot} `);
    assert.match(printed, `= ${boot}; then\n  ${workload} of the recorded boot, ${total} in all.`);
    assert.match(printed.replaceAll(/ +/g, " "), `overhead ${overhead} host beyond touched`);
    for (const [label, name] of [
      ["Accepted", "accepted"],
      ["Touched", "touched"],
      ["Host", "host"],
      ["Waits in boot", "waits in boot"],
    ] as const) {
      const cell = page.getByRole("row", { name: new RegExp(`^${label} \\d`) }).getByRole("cell");
      assert.match(printed.replaceAll(/ +/g, " "), `\n ${name} ${await textOf(cell.first())} `);
    }
    const longest = page.getByRole("row", { name: /^Longest wait in boot/ }).getByRole("cell");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the row as JSON" }).click(),
    ]);
    const json = await printedBy(`${await commandBox(page).inputValue()} --json`);
    assert.is(readFileSync(await download.path(), "utf8"), json);
    assert.match(printed.replaceAll(/\s+/g, " "), `the longest ${await textOf(longest.first())}`);
    await visit.check();
  });
});

test("a policy, its parameter, a price and any other key go into the numbers and into the command", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    await moving(page, () => page.getByRole("radio", { name: /^background/ }).check());
    await moving(page, () => page.getByRole("textbox", { name: "rate", exact: true }).fill("256MiB"));
    await page.getByText("Prices of operations").click();
    const price = page.getByRole("slider", { name: "septRemoveNs, slider" });
    await price.focus();
    await moving(page, () => page.keyboard.press("End"));
    await page.getByText("Any other key").click();
    await page.getByLabel("KEY=VALUE").fill("host.pageSize=2MiB");
    await moving(page, () => page.keyboard.press("Enter"));
    await page.getByText("Take it along").click();
    const command = await commandBox(page).inputValue();
    assert.is(
      command,
      "unaccepted run boot --platform tdx --policy background --memory 2GiB --set strategy.rate=256MiB " +
        "--set platform.septRemoveNs=22889ns --set host.pageSize=2MiB",
    );
    assert.match(await printedBy(command), `= ${await numberOf(page, "bootTimeNs")}`);
    const field = page.locator(".field", { has: page.getByRole("slider", { name: "septRemoveNs, slider" }) });
    assert.match((await field.getAttribute("class")) ?? "", /moved/);
    await moving(page, () => page.getByRole("button", { name: "Take all prices back" }).click());
    assert.not.match(await commandBox(page).inputValue(), "septRemoveNs");
  });
});

test("a generator and its parameters make the workload", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    await moving(page, () => page.getByLabel("Workload").selectOption("generate:heap"));
    await moving(page, () => page.getByRole("textbox", { name: "size", exact: true }).fill("64MiB"));
    await page.getByText("Take it along").click();
    const command = await commandBox(page).inputValue();
    assert.match(command, "generate:heap?size=64MiB");
    const printed = await printedBy(command.replaceAll("'", ""));
    assert.match(printed, `is done after ${await numberOf(page, "totalTimeNs")} `);
  });
});

test("what the reader refuses is said at its setting, and the last result stays, marked", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const before = await numberOf(page, "bootTimeNs");
    const box = page.getByRole("textbox", { name: "Memory", exact: true });
    await box.fill("3x");
    const field = page.locator(".field", { has: box });
    await field.locator(".fault").waitFor();
    assert.is(
      await textOf(field.locator(".fault")),
      'expected a memory size from 256MiB to 4PiB in whole MiB, found "3x"',
    );
    assert.is(await box.getAttribute("aria-invalid"), "true");
    assert.is(await numberOf(page, "bootTimeNs"), before);
    assert.is(await page.locator(".stale").count(), 1);
    assert.match(
      await textOf(page.getByRole("alert")),
      "These settings make no run; below is the last result.",
    );
    await visit.check();
    await moving(page, () => box.fill("3GiB"));
    assert.is(await page.locator(".stale").count(), 0);
    assert.is.not(await numberOf(page, "bootTimeNs"), before);
  });
});

test("ranges over what is assumed follow once the settings rest", async (visit) => {
  await withPage(visit, "#memory=1GiB", async (page) => {
    const range = page.locator('.number[data-measure="bootTimeNs"] .range');
    await page
      .locator('.number[data-measure="bootTimeNs"]', { hasText: "assumed" })
      .waitFor({ timeout: 60_000 });
    const printed = await printedBy(
      "unaccepted run boot --platform tdx --policy lazy --memory 1GiB --uncertainty",
    );
    const [, low, high] = /^(.*) to (.*) over/.exec(await textOf(range))!;
    assert.match(printed, low!);
    assert.match(printed, high!);
  });
});

test("a slider over the accepts shows memory after each: lists, record and host", async (visit) => {
  await withPage(visit, "#memory=6GiB", async (page) => {
    await page.getByText("Memory map: which memory").click();
    const view = page.locator(".after-accept");
    await view.locator("tbody tr").first().waitFor();
    const slider = view.getByRole("slider", { name: "Memory after accept" });
    const last = await textOf(view.locator("output"));
    assert.match(last, /^(\d+) of \1$/);
    const before = await textOf(view.locator(".memory-strip").first());
    await slider.focus();
    await page.keyboard.press("Home");
    await view.getByText("Before the first accept.").waitFor();
    await view.getByText("The page allocator has no memory yet.").waitFor();
    await page.keyboard.press("End");
    await view.locator(".memory-strip", { hasText: before }).waitFor();
    const output = view.locator("output");
    const total = last.split(" of ")[1]!;
    const step = async (button: string, accept: string): Promise<void> => {
      await view.getByRole("button", { name: `${button} accept` }).click();
      assert.is(await textOf(output), `${accept} of ${total}`);
    };
    assert.is(await view.getByRole("button", { name: "Next accept" }).getAttribute("aria-disabled"), "true");
    await step("First", "1");
    await step("Next", "2");
    await step("Previous", "1");
    await step("Previous", "0");
    await step("Last", total);
    await visit.check();
  });
});

test("two settings side by side: copied, told apart in words and numbers, swapped, dropped", async (visit) => {
  await withPage(visit, "#memory=6GiB", async (page) => {
    await moving(page, () => page.getByRole("button", { name: "Compare: copy A to B" }).click());
    await moving(page, () => page.getByRole("radio", { name: /^eager the/ }).check());
    const [lazy, eager] = [await numberOf(page, "bootTimeNs", "a"), await numberOf(page, "bootTimeNs", "b")];
    assert.is.not(lazy, eager);
    assert.match(await textOf(page.locator(".conclusion")), "lazy is ready 1.");
    assert.match(await textOf(page.locator(".conclusion")), "B is ");
    assert.match(await textOf(page.locator('.side-b[data-measure="bootTimeNs"]')), /against A/);
    assert.match(await textOf(page.locator(".radios", { hasText: "Policy" })), "A: lazy");
    await visit.check();
    await moving(page, () => page.getByRole("button", { name: "Swap" }).click());
    assert.is(await numberOf(page, "bootTimeNs", "a"), eager);
    assert.is(await numberOf(page, "bootTimeNs", "b"), lazy);
    await moving(page, () => page.getByRole("button", { name: "Drop B" }).click());
    assert.is(await numberOf(page, "bootTimeNs"), eager);
    assert.is(await page.locator(".side-b").count(), 0);
  });
});

test("the address holds both sides; reload, back and forward give their numbers again", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const first = await numberOf(page, "bootTimeNs");
    await moving(page, () => page.getByRole("button", { name: "Compare: copy A to B" }).click());
    await moving(page, () => page.getByRole("textbox", { name: "Memory", exact: true }).fill("3GiB"));
    const second = await numberOf(page, "bootTimeNs", "b");
    assert.match(page.url(), /#memory=2GiB&b\.memory=3GiB$/);
    await page.reload();
    await rest(page);
    assert.is(await numberOf(page, "bootTimeNs", "a"), first);
    assert.is(await numberOf(page, "bootTimeNs", "b"), second);
    await moving(page, () => page.goBack());
    assert.is(await numberOf(page, "bootTimeNs", "b"), first);
    await moving(page, () => page.goForward());
    assert.is(await numberOf(page, "bootTimeNs", "b"), second);
  });
});

test("what the address says and nobody knows is named", async (visit) => {
  await withPage(visit, "#memory=2GiB&memry=4GiB", async (page) => {
    assert.match(await textOf(page.locator(".told")), "memry: no setting of the address");
    await visit.check();
    await page.getByRole("button", { name: "Dismiss" }).click();
    assert.is(await page.locator(".told").count(), 0);
  });
});

test.run();
