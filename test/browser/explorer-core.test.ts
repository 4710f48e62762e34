// Takes 19 s.
/**
 * The explorer below its controls: worker, files and pictures under the policy of the page, from the three places
 * where it can lie.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { explorerSite, INDEX, type Site } from "../../src/cli/explorer-site.js";
import { serve } from "../../src/cli/serve.js";
import { writeSite } from "../../src/cli/write-site.js";
import type { Answer, Answered, Ask } from "../../src/explorer/protocol.js";
import { formatJson } from "../../src/index.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";
import { browserSuite, type Visit } from "./browser.js";

const test = browserSuite("explorer: worker, files and pictures in Chromium");

/** Stands for the page: what it is made of, for a test to call. */
const ENTRY = `
import { config } from "zod";
import { COLOURS, PICTURES } from "./src/index.ts";
import { Simulator } from "./src/explorer/client.ts";
import { renderPicture } from "./src/explorer/picture.ts";
import { givenFiles, pageResources } from "./src/explorer/resources.ts";
config({ jitless: true });
const simulator = new Simulator(pageResources());
globalThis.own = {
  ask: (question) => simulator.ask({ side: "a", wants: {}, ...question }),
  given: givenFiles,
  async draw(rows) {
    const results = [{ file: "<script>alert(1)</script>", kind: "rows", rows }];
    const drawn = PICTURES[0].draw(results, COLOURS.light);
    const place = document.querySelector("main").appendChild(document.createElement("div"));
    place.style.overflow = "auto";
    place.tabIndex = 0;
    place.append(await renderPicture(drawn, COLOURS.light));
  },
};
`;

const MAIN = "<body><main><h1>Test</h1></main></body>";

let bundle: Promise<Buffer> | undefined;

async function siteUnderTest(given: readonly string[] = []): Promise<Site> {
  bundle ??= bundled();
  const site = explorerSite(given);
  const page = await bundle;
  const html = new TextDecoder().decode(site.get(INDEX)!()).replace(/<body>[\s\S]*<\/body>/, MAIN);
  return new Map([...site, ["page.js", () => page], [INDEX, () => Buffer.from(html)]]);
}

async function bundled(): Promise<Buffer> {
  execFileSync(process.execPath, [".ci/build.js"], { stdio: ["ignore", "ignore", "inherit"] });
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    external: ["@colors/colors"],
  });
  return Buffer.from(outputFiles[0]!.contents);
}

type Question = Pick<Ask, "settings"> & Partial<Ask>;

/** Asks in the page. A file comes by its base64. */
async function ask(page: Page, ...questions: readonly Question[]): Promise<(Answer | undefined)[]> {
  return page.evaluate<(Answer | undefined)[]>(`Promise.all(${JSON.stringify(questions)}.map(own.ask))`);
}

async function printed(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await unaccepted(["run", "boot", ...words, "--json", "--quiet"], {
    runScenario,
  });
  assert.equal([code, stderr], [0, ""]);
  return stdout;
}

async function holdsNumbers(visit: Visit): Promise<void> {
  const settings = { platform: "snp", memory: "2GiB", set: { "platform.pvalidate4kNs": "3us" } };
  const [answer] = await ask(visit.page, { settings });
  const words = "--platform snp --policy lazy --memory 2GiB --set platform.pvalidate4kNs=3us".split(" ");
  assert.is(formatJson([(answer as Answered).row]), await printed(...words));
  await visit.check();
}

async function onServer(visit: Visit, given: readonly string[], use: () => Promise<void>): Promise<void> {
  const { address, close } = await serve(await siteUnderTest(given));
  try {
    await visit.open(address);
    await use();
  } finally {
    await close();
  }
}

test("the served page has the numbers of the command line", async (visit) => {
  await onServer(visit, [], () => holdsNumbers(visit));
});

test("files of the page have them, too", async (visit) => {
  const directory = join(mkdtempSync(join(tmpdir(), "unaccepted-site-")), "a site");
  try {
    writeSite(directory, await siteUnderTest());
    await visit.open(pathToFileURL(join(directory, INDEX)).href);
    await holdsNumbers(visit);
  } finally {
    rmSync(join(directory, ".."), { recursive: true });
  }
});

/**
 * Any web server: nothing of ours, in a folder below its root. Its address is none of this machine's own, to which a
 * browser gives what it keeps from plain http elsewhere.
 */
async function plainServer(site: Site): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer(({ url = "" }, response) => {
    const path = url.replace(/^\/some\/folder\//, "") || INDEX;
    const type = path.endsWith(".html")
      ? "text/html"
      : path.endsWith(".css")
        ? "text/css"
        : "text/javascript";
    response.writeHead(site.has(path) ? 200 : 404, { "Content-Type": type });
    response.end(site.get(path)?.());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, address: `http://0.0.0.0:${(server.address() as AddressInfo).port}/some/folder/` };
}

test("a plain web server does, in any folder", async (visit) => {
  const { server, address } = await plainServer(await siteUnderTest());
  try {
    await visit.open(address);
    assert.is(await visit.page.evaluate("isSecureContext"), false);
    await holdsNumbers(visit);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("of questions that wait the newest of each side is answered, and sides do not wait for each other", async (visit) => {
  await onServer(visit, [], async () => {
    const memories = ["1GiB", "2GiB", "3GiB", "4GiB"];
    const answers = await ask(visit.page, ...memories.map((memory) => ({ settings: { memory, set: {} } })), {
      side: "b",
      settings: { memory: "5GiB", set: {} },
    });
    const sizes = answers.map((answer) => answer && "row" in answer && answer.row.memoryBytes / 2 ** 30);
    // JSON has no undefined.
    assert.equal(sizes, [1, undefined, undefined, 4, 5]);
    assert.is(visit.page.workers().length, 2);
    await visit.check();
  });
});

test("files that were named on the command line come to the page, and zstd is unpacked there", async (visit) => {
  const trace = "test/golden/made-up/two-frames.zst";
  await onServer(visit, [trace], async () => {
    const [name, bytes, answer] = await visit.page.evaluate<[string, number, Answer]>(`(async () => {
    const [file] = await own.given();
    const answer = await own.ask({ settings: { memory: "1GiB", set: {} }, file });
    return [file.name, file.bytes.length, answer];
  })()`);
    assert.equal([name, bytes], ["two-frames.zst", readFileSync(trace).length]);
    // What is in it was read.
    assert.match(
      "error" in answer ? answer.error : "",
      /^\.\/two-frames\.zst: it asks for no memory, holding 11 mm_page_free,/,
    );
    await visit.check();
  });
});

test("the page opens files that were named on the command line, whatever they are called", async (visit) => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-given-"));
  const scenario = join(directory, "<script>alert(1)<.yaml");
  writeFileSync(scenario, "name: own\nworkload: linux-7.3.4-debian-1c4g\nplatform: snp\nmemory: 1GiB\n");
  await siteUnderTest();
  const { address, close } = await serve(explorerSite([scenario, "results/boot.json"]));
  try {
    await visit.open(address);
    await visit.page.getByText("<script>alert(1)<.yaml").first().waitFor();
    await visit.page.getByText("boot.json").first().waitFor();
    await visit.shot("explorer-core-given");
    await visit.check();
  } finally {
    await close();
    rmSync(directory, { recursive: true });
  }
});

test("pictures are drawn under the policy of the page, and what is in them is text", async (visit) => {
  await onServer(visit, [], async () => {
    const { stdout } = await unaccepted("compare boot --platform tdx --memory 1GiB --json".split(" "));
    const { rows } = JSON.parse(stdout.replaceAll('"lazy"', '"<script>alert(1)</script>"')) as {
      rows: object[];
    };
    await visit.page.evaluate(`own.draw(${JSON.stringify(rows)})`);
    const svg = visit.page.locator("svg");
    assert.is(await svg.count(), 1);
    assert.is(await visit.page.locator("main script").count(), 0);
    assert.match((await svg.textContent())!, "<script>alert(1)</script>");
    await visit.shot("explorer-core-picture");
    await visit.check();
  });
});

test("the policy refuses to make code of text", async (visit) => {
  await onServer(visit, [], async () => {
    // What a debugger evaluates may make code; what a timer does is the page's own.
    const made = await visit.page.evaluate(`new Promise((done) => setTimeout(() => {
    try { done(setTimeout.constructor("return 1")()); } catch (error) { done(error.name); }
  }))`);
    assert.is(made, "EvalError");
  });
});

test.run();
