/**
 * Pages in headless Chromium, found as CHROME_BIN or in the PATH. Where there is none, the tests are skipped and the
 * run says so; SCREENSHOTS=DIR keeps what `shot` sees.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { skipBecause } from "../harness/skipped.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** @throws Error where CHROME_BIN names no file: that is a mistake, and no reason to skip */
function findChromium(): string | undefined {
  const { CHROME_BIN: own, PATH: path = "" } = process.env;
  if (own !== undefined && own !== "") {
    if (!existsSync(own)) throw new Error(`CHROME_BIN: no file ${own}`);
    return own;
  }
  return NAMES.flatMap((name) => path.split(delimiter).map((directory) => join(directory, name))).find(
    (one) => existsSync(one),
  );
}

/** Nothing that a browser does by itself: no request to its maker, no GPU. */
const FLAGS =
  "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split(
    " ",
  );

export interface OpenOptions {
  /** Of the window, in CSS pixels; 1000 if not given. */
  readonly width?: number;
  /** 800 if not given. */
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

/** A page of its own for each test, and what was seen of it. */
export interface Visit {
  readonly page: Page;
  /** Opens an address, or the text of a page as a file. */
  readonly open: (target: string, options?: OpenOptions) => Promise<void>;
  /** No error on the console, no request to anywhere else, nothing serious by axe, no scrolling sideways. */
  readonly check: () => Promise<void>;
  /** The whole page as a PNG, for people to look at. */
  readonly shot: (name: string) => Promise<void>;
}

type BrowserTest = (name: string, body: (visit: Visit) => Promise<void>) => void;

/** As uvu's `suite`, with a page for each test; `run()` goes at the end as there. */
export function browserSuite(name: string): BrowserTest & { run(): void } {
  const path = findChromium();
  const test = suite(name);
  if (path === undefined) {
    skipBecause(`there is no Chromium: looked for CHROME_BIN and for ${NAMES.join(", ")} in the PATH`);
    const skipping: BrowserTest = (what) => test.skip(what, () => {});
    return Object.assign(skipping, { run: () => test.run() });
  }
  let browser: Browser | undefined;
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-browser-"));
  test.before(async () => {
    const isRoot = process.getuid?.() === 0;
    browser = await chromium.launch({
      executablePath: path,
      args: isRoot ? [...FLAGS, "--no-sandbox"] : FLAGS,
    });
  });
  test.after(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const add: BrowserTest = (what, body) =>
    test(what, async () => {
      const context = await browser!.newContext();
      try {
        await body(await visitOf(await context.newPage(), directory));
      } finally {
        await context.close();
      }
    });
  return Object.assign(add, { run: () => test.run() });
}

async function visitOf(page: Page, directory: string): Promise<Visit> {
  const faults: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("request", (request) => requests.push(request.url()));
  let home = "";
  return {
    page,
    async open(target, { width = 1000, height = 800, scheme = "light" } = {}) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      let url = target;
      if (target.trimStart().startsWith("<")) {
        const file = join(directory, "page.html");
        writeFileSync(file, target);
        url = pathToFileURL(file).href;
      }
      home = new URL(".", url).href;
      await page.goto(url);
    },
    async check() {
      assert.equal(faults, [], "on the console");
      const outside = requests.filter((url) => !(url.startsWith(home) || /^(?:data|blob):/.test(url)));
      assert.equal(outside, [], "requests");
      assert.equal(await seriousFaults(page), [], "axe");
      const [content, window] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      );
      assert.ok(content <= window, `${content} pixels of content in a window of ${window}`);
    },
    async shot(name) {
      const { SCREENSHOTS: shots = "" } = process.env;
      if (shots === "") return;
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    },
  };
}

/** What axe calls serious or critical: rule, element, and what is wrong with it. */
async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(
    "axe.run(document, { resultTypes: ['violations'] })",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
    );
}
