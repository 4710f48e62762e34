// Takes 1 s.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildOf } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { machineFromBootLog } from "../../src/x86/boot-log.js";
import { EarlyBoot } from "../../src/x86/early-machine.js";
import { earlySteps } from "../../src/x86/early-memblock.js";

/*
 * Boot logs of real kernels with memblock=debug: every addition, reservation, release and
 * allocation from the first logged one to the hand-over, and the two dumps of both arrays, must
 * come out of the steps in the same order with the same addresses.
 */
const test = suite("guest: recorded early boot");

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);
/** The kernel dumps both arrays at the end of these steps. */
const DUMP_AFTER: readonly string[] = ["e820__memblock_setup", "initmem_init"];

function memblockLines(log: string): string[] {
  return log
    .split("\n")
    .map((line) => line.replace(/^\[ *[\d.]+\] /, ""))
    .filter((line) => /^((__)?memblock_|MEMBLOCK| memory| reserved)/.test(line))
    .map((line) => line.replace(/ \S+\+0x\w+\/0x\w+$/, ""));
}

function modelLines(log: string): string[] {
  const release = /Linux version (\S+)/.exec(log)![1]!;
  const build = buildOf(release.includes("cloud") ? "cloud" : "small", release);
  assert.is(build.release, release);
  const rules = kernelRules(release);
  const lines: string[] = [];
  let logging = false; // until the command line is parsed
  const memblock = new Memblock({
    rules: rules.memblock,
    debug: (line) => {
      if (logging) lines.push(line);
    },
  });
  const boot = new EarlyBoot(memblock, machineFromBootLog(log)!, build, rules.boot);
  for (const step of earlySteps(rules.boot)) {
    step.run(boot);
    if (step.name === "early_reserve_memory") logging = true;
    if (DUMP_AFTER.includes(step.name)) lines.push(...memblock.dump());
  }
  return lines;
}

const folders = readdirSync(RECORDED)
  .filter((name) => existsSync(new URL(`${name}/boot.dmesg.gz`, RECORDED)))
  .sort();

test("boots of each series are there, with one and two nodes and through EFI", () => {
  for (const name of [
    "6.12.95-1c4g",
    "6.12.95-2n2x2g",
    "6.12.107-lazy-1c4g-high",
    "6.12.107-lazy-2n2x2g-all",
    "6.16.12-debian-1c2g",
    "6.17.13-debian-1c2g",
    "6.18.15-debian-2n2x2g",
    "6.19.14-debian-1c2g",
    "7.0.13-debian-1c2g",
    "7.1.13-debian-1c2g",
    "7.2.12-debian-1c2g",
    "7.3.4-stock-1c4g",
    "7.3.4-debian-2n2x2g",
    "7.3.4-lazy-2n2x2g-all",
    "7.3.4-ovmf-1c4g-high",
  ]) {
    assert.ok(folders.includes(`linux-${name}`), name);
  }
});

for (const folder of folders) {
  test(folder, () => {
    const log = gunzipSync(readFileSync(new URL(`${folder}/boot.dmesg.gz`, RECORDED))).toString();
    const recorded = memblockLines(log);
    const model = modelLines(log);
    assert.ok(recorded.length > 80);
    const different = recorded.findIndex((line, index) => line !== model[index]);
    if (different >= 0) {
      assert.is(model[different], recorded[different], `line ${different}`);
    }
    assert.is(model.length, recorded.length);
  });
}

test.run();
