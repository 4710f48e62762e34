// Takes 1 s.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gfpTableOf } from "../../src/linux/gfp-history.js";
import { parseReleaseName } from "../../src/linux/release-name.js";
import { formatGfp } from "../../src/page-alloc/gfp.js";
import { gfpOfText } from "../../src/workload/gfp-text.js";

const test = suite("workload: flags of recorded kernels");

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);

for (const [kernel, file, texts] of [
  ["6.12.95", "linux-6.12.95-1c2g-b/boot.trace.gz", 41],
  ["6.16.12", "linux-6.16.12-debian-1c2g/boot.trace.gz", 41],
  ["6.18.44", "live-linux-6.18.44-2c24g-redis/run.trace.gz", 15],
  ["6.18.44", "live-linux-6.18.44-2c24g-postgresql/run.trace.gz", 24],
  ["7.3.4", "linux-7.3.4-stock-1c4g/boot.trace.gz", 46],
] as const) {
  test(`${file}: read and printed again, each text is what Linux ${kernel} printed`, () => {
    const trace = gunzipSync(readFileSync(new URL(file, RECORDED))).toString("latin1");
    const table = gfpTableOf(parseReleaseName(kernel)!);
    const printed = new Set(Array.from(trace.matchAll(/gfp_flags=(\S+)/g), ([, text]) => text!));
    for (const text of printed) assert.is(formatGfp(gfpOfText(text, table)!.flags, table.printsByBit), text);
    assert.is(printed.size, texts);
  });
}

test.run();
