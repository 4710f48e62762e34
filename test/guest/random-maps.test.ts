// Takes 10 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { MEMORY_TYPES, type MemoryMapEntry, type MemoryType } from "../../src/x86/memory-map.js";
import { Choices } from "../campaign/random-scenario.js";
import { LOADER } from "../loader.js";

/*
 * Memory maps that no firmware has made: pieces of any type and size, with gaps. Whatever becomes of the guest,
 * each page has one state, and what was accepted adds up.
 */
const test = suite("guest: random memory maps");

const WORKLOAD = "workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml";
const CASES = 16;
/** Five times as often as every other type, since a kernel needs some. */
const WEIGHTED: readonly MemoryType[] = [...MEMORY_TYPES, ...Array<MemoryType>(5).fill("usable")];

function pieces(choices: Choices, start: number, end: number): MemoryMapEntry[] {
  const entries: MemoryMapEntry[] = [];
  for (let at = start; at < end; ) {
    const share = choices.chance() ** (choices.chance() < 0.4 ? 1 : 6);
    const pages = Math.max(1, Math.floor((share * (end - start)) / PAGE_SIZE));
    const next = Math.min(end, at + pages * PAGE_SIZE);
    if (choices.chance() > 0.05) entries.push({ start: at, end: next, type: choices.pick(WEIGHTED) });
    at = next;
  }
  return entries;
}

function randomMap(choices: Choices): MemoryMapEntry[] {
  const map: MemoryMapEntry[] = [
    { start: 0, end: 0x9fc00, type: "usable" },
    { start: MiB, end: 96 * MiB, type: "usable" },
    ...pieces(choices, 96 * MiB, choices.pick([0.5, 1, 2, 3, 3.25]) * GiB),
  ];
  let start = 4 * GiB;
  for (let ranges = choices.whole(0, 3); ranges > 0; ranges--) {
    const end = start + choices.whole(1, 1024) * MiB;
    if (choices.chance() < 0.6) map.push({ start, end, type: "unaccepted" });
    else map.push(...pieces(choices, start, end));
    start = end + choices.whole(0, 2) * choices.whole(1, 3000) * PAGE_SIZE;
  }
  return map;
}

test("every guest ends as a guest does, with all of its pages in order", () => {
  let ready = 0;
  for (let number = 0; number < CASES; number++) {
    const choices = new Choices(2026, number);
    const document = {
      name: "random",
      workload: WORKLOAD,
      platform: choices.pick(["tdx", "snp", "none"]),
      policy: choices.pick([
        "lazy",
        "eager",
        "eager-firmware",
        "firmware-delegated",
        "page-flag",
        "fault-driven",
      ]),
      kernel: choices.pick(["6.6", "6.12", "7.0", "7.3"]),
      memory: "8GiB",
      vcpus: choices.pick([1, 2, 5]),
      seed: number,
      memoryMap: randomMap(choices),
      guest: { kaslr: choices.chance() < 0.3 },
      ...(choices.chance() < 0.2 ? { hotplug: { memory: "512MiB" } } : {}),
    };
    try {
      const [scenario] = parseScenario(JSON.stringify(document), "random");
      if (runScenario(scenario!, LOADER.load(WORKLOAD), { check: true }).outcome === "ready") ready++;
    } catch (error) {
      assert.unreachable(
        `case ${number}: ${error instanceof ScenarioError ? error.message : (error as Error).stack}`,
      );
    }
  }
  assert.ok(ready > CASES / 2, `${ready} of ${CASES} came through`);
});

test.run();
