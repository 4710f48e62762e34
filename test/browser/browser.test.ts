// Takes 4 s.
import * as assert from "uvu/assert";
import { browserSuite, type Visit } from "./browser.js";

const test = browserSuite("the browser that tests look through");

const SOUND = `<!doctype html><html lang="en"><title>Sound</title><main><h1>Sound</h1></main></html>`;

function withBody(body: string): string {
  return SOUND.replace("</main>", `${body}</main>`);
}

async function faultOf(visit: Visit): Promise<string> {
  try {
    await visit.check();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("a sound page passes", async (visit) => {
  await visit.open(SOUND);
  assert.is(await visit.page.title(), "Sound");
  await visit.check();
});

test("an error on the console is a fault", async (visit) => {
  await visit.open(withBody("<script>console.error('broken')</script>"));
  assert.match(await faultOf(visit), "on the console");
});

test("an error that nobody catches is a fault", async (visit) => {
  await visit.open(withBody("<script>throw new Error('broken')</script>"));
  assert.match(await faultOf(visit), "on the console");
});

test("a request to elsewhere is a fault", async (visit) => {
  await visit.open(withBody("<script>fetch('http://127.0.0.1:9/').catch(() => {})</script>"));
  assert.match(await faultOf(visit), /on the console|requests/);
});

test("what axe calls serious is a fault", async (visit) => {
  await visit.open(withBody("<input><p style='color:#eee;background:#fff'>pale</p>"));
  assert.match(await faultOf(visit), "axe");
});

test("a page wider than the window is a fault", async (visit) => {
  await visit.open(withBody("<div style='width:900px;height:1px'></div>"), { width: 400 });
  assert.match(await faultOf(visit), "pixels of content in a window of 400");
});

test("a page sees the scheme that was asked for", async (visit) => {
  await visit.open(SOUND, { scheme: "dark" });
  assert.ok(await visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"));
});

test.run();
