// Takes 45 s.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { formatJson } from "../../../src/results/formats.js";
import { browserSuite } from "../../browser/browser.js";
import { rowWith } from "../../results/rows.js";
import { commandBox, drop, moving, numberOf, printedBy, rest, textOf, withPage } from "./visit.js";

const test = browserSuite("explorer: files dropped on the page");

/** Marks the page if anything of a text is taken for markup or code. */
const HOSTILE = `<script>window.wasExecuted=1</script><img src=x onerror="window.wasExecuted=1">`;

async function nothingRan(page: Page): Promise<void> {
  assert.is(await page.evaluate("window.wasExecuted"), undefined);
  assert.is(await page.locator("#page script, #page img").count(), 0);
}

function trace(comm = "sh"): string {
  const lines = Array.from({ length: 40 }, (_value, at) => {
    const time = (1 + at / 1000).toFixed(6);
    return `${comm}-100   [000] d..1.   ${time}: mm_page_alloc: page=0x${(4096 + at).toString(16)} pfn=0x${(4096 + at).toString(16)} order=0 migratetype=0 gfp_flags=GFP_KERNEL`;
  });
  return `# tracer: nop\n${lines.join("\n")}\n`;
}

test("a scenario becomes the settings of a side, which the command names", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const text =
      "name: mine\nworkload: linux-7.3.4-debian-1c4g\nplatform: tdx\nmemory: [3GiB, 5GiB]\npolicy: eager\nseed: 3\n";
    await moving(page, () => drop(page, "mine.yaml", text));
    assert.is(await page.getByRole("textbox", { name: "Memory", exact: true }).inputValue(), "3GiB");
    assert.ok(await page.getByRole("radio", { name: /^eager the/ }).isChecked());
    const told = await textOf(page.locator(".told"));
    assert.match(told, "mine.yaml makes several runs, and this is the first: memory 3GiB of 3GiB, 5GiB.");
    await page.getByText("Take it along").click();
    assert.is(await commandBox(page).inputValue(), "unaccepted run mine.yaml --memory 3GiB");
    const same = "unaccepted run boot --platform tdx --policy eager --memory 3GiB --set seed=3";
    assert.match(await printedBy(same), `= ${await numberOf(page, "bootTimeNs")}`);
    await moving(page, () => page.getByRole("button", { name: "Put the file away" }).click());
    assert.match(await commandBox(page).inputValue(), "unaccepted run boot");
    await visit.check();
  });
});

test("a trace becomes the workload, until it is put away", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const before = await numberOf(page, "workloadTimeNs");
    await moving(page, () => drop(page, "mine.trace", trace()));
    assert.is(await page.getByRole("alert").count(), 0, await textOf(page.locator(".answer")));
    assert.match(await textOf(page.locator(".given")), "mine.trace");
    assert.is.not(await numberOf(page, "workloadTimeNs"), before);
    await page.getByText("Take it along").click();
    assert.match(await commandBox(page).inputValue(), "--workload mine.trace");
    await moving(page, () => page.getByRole("button", { name: "Put the trace away" }).click());
    assert.is(await numberOf(page, "workloadTimeNs"), before);
  });
});

test("what is no trace is said in one line with its place, and the last result stays", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const before = await numberOf(page, "bootTimeNs");
    await drop(page, "notes.txt", "hello\n");
    await page.getByRole("alert").waitFor();
    assert.match(await textOf(page.getByRole("alert")), /notes\.txt:1/);
    assert.is(await numberOf(page, "bootTimeNs"), before);
    await visit.check();
  });
});

test("a result shows its rows and pictures, and a row opens as settings", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const text = formatJson([
      rowWith({ policy: "eager", memoryBytes: 3 * 2 ** 30 }),
      rowWith({ policy: "lazy" }),
    ]);
    await page.locator("input[type=file]").setInputFiles({
      name: "result.json",
      mimeType: "application/json",
      buffer: Buffer.from(text),
    });
    const file = page.locator(".result-file");
    await file.waitFor();
    assert.is(await file.getByRole("button", { name: /^Open row/ }).count(), 2);
    await file.locator("details").first().locator("summary").first().click();
    await file.locator(".drawing svg").first().waitFor();
    await file.getByText("Data of this picture").first().click();
    assert.ok((await file.locator("figure table tbody tr").count()) > 0);
    await visit.check();
    await moving(page, () => file.getByRole("button", { name: "Open row 1 as settings" }).click());
    assert.is(await page.getByRole("textbox", { name: "Memory", exact: true }).inputValue(), "3GiB");
    assert.ok(await page.getByRole("radio", { name: /^eager the/ }).isChecked());
    await file.getByRole("button", { name: "Close the result" }).click();
    assert.is(await file.count(), 0);
  });
});

test("names and texts of files stay texts", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    const hostile = JSON.stringify(HOSTILE);
    await moving(page, () =>
      drop(
        page,
        `${HOSTILE}.yaml`,
        `name: ${hostile}\ndescription: ${hostile}\nworkload: linux-7.3.4-debian-1c4g\nplatform: tdx\nmemory: 2GiB\n`,
      ),
    );
    assert.match(await textOf(page.locator(".settings")), `${HOSTILE}.yaml`);
    await page.getByText("Take it along").click();
    assert.match(await commandBox(page, "Scenario as YAML").inputValue(), HOSTILE.slice(0, 20));
    await nothingRan(page);

    await drop(page, `${HOSTILE}.yaml`, `name: x\nworkload: ${hostile}\nplatform: tdx\nmemory: 2GiB\n`);
    await page.getByRole("alert").waitFor();
    await nothingRan(page);

    await moving(page, () => drop(page, `${HOSTILE}.trace`, trace(HOSTILE.replaceAll(/[ :]/g, "_"))));
    await nothingRan(page);

    const named = rowWith({ scenario: HOSTILE, workload: HOSTILE, remarks: [HOSTILE] });
    await drop(page, `${HOSTILE}.json`, formatJson([named, rowWith({ ...named, policy: "lazy" })]));
    const file = page.locator(".result-file");
    await file.waitFor();
    assert.match(await textOf(file), HOSTILE);
    for (const details of await file.locator("details > summary").all()) await details.click();
    await file.locator(".drawing svg").first().waitFor();
    await nothingRan(page);
    await visit.check();
  });
});

test("a hostile address stays text", async (visit) => {
  const text = encodeURIComponent(HOSTILE);
  await withPage(visit, `#memory=2GiB&${text}=${text}&set.seed=2`, async (page) => {
    assert.match(await textOf(page.locator(".told")), HOSTILE);
    await nothingRan(page);
    await visit.check();
  });
});

test("files of the command line come with the page: the first scenario is side A, the next side B", async (visit) => {
  const given = ["workloads/boot.yaml", "workloads/pre-accept.yaml"];
  await withPage(
    visit,
    "",
    async (page) => {
      await page.locator(".side-b").first().waitFor();
      await rest(page);
      await page.getByText("Take it along").click();
      assert.match(
        await commandBox(page, "Command of A").inputValue(),
        "unaccepted run boot.yaml --platform tdx",
      );
      assert.match(await commandBox(page, "Command of B").inputValue(), "unaccepted run pre-accept.yaml ");
    },
    { given },
  );
});

test("a file of no kind that the page knows is refused in one line", async (visit) => {
  await withPage(visit, "#memory=2GiB", async (page) => {
    await drop(page, "trace.json", '{"traceEvents": []}');
    await page.locator(".told").waitFor();
    assert.match(await textOf(page.locator(".told")), /^trace\.json: /);
    await drop(page, "x.yaml", readFileSync("workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml"));
    await page.locator(".told", { hasText: "x.yaml" }).waitFor();
    assert.match(
      await textOf(page.locator(".told")),
      "x.yaml:1:1: expected a scenario, found the description of a recording",
    );
  });
});

test.run();
