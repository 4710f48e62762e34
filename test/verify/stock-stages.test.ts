import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tracedInitcalls } from "../../src/verify/stock-stages.js";
import { TracefsReader } from "../../src/workload/tracefs.js";

const test = suite("verify: initcalls in a trace");

const line = (event: string): string => `          init-1       [000] ..... 1.000001: ${event}\n`;
const alloc = line("mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=0 gfp_flags=GFP_KERNEL");

function initcallsOf(text: string): ReadonlyMap<string, number> {
  const bytes = new TextEncoder().encode(text);
  const reader = new TracefsReader("trace");
  reader.feed(bytes);
  return tracedInitcalls(bytes, reader.end());
}

test("an initcall ends before the page event that follows its line", () => {
  const finish = line("initcall_finish: func=init_per_zone_wmark_min+0x0/0xa0 ret=0");
  assert.is(initcallsOf(alloc + finish + alloc).get("init_per_zone_wmark_min"), 1);
});

test("a trace without initcalls has none", () => {
  assert.is(initcallsOf(alloc).size, 0);
});

test.run();
