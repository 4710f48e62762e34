// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { idleIn } from "../../src/scenario/idle.js";
import { parseScenario } from "../../src/scenario/load.js";
import { GiB, MAX_ORDER_PAGES, MiB } from "../../src/units.js";
import { LINUX_7_3 } from "../linux/releases.js";
import { allocPfn, GFP_KERNEL } from "../page-alloc/machine.js";
import { lazyZone } from "../regress/machine.js";
import { runBoot } from "./run-boot.js";

/**
 * "mm/page_alloc: keep a small accepted reserve before watermarks are initialized" (Dstack, 2026-09-14): with two
 * free accepted blocks nothing more is accepted for a request, unless that found no page.
 */
const test = suite("guest: reserve before watermarks");

const RESERVE: PageAllocRules = { ...LINUX_7_3, reserveBeforeWatermarksPages: 2 * MAX_ORDER_PAGES };

test("without it every allocation accepts a block before watermarks are set", () => {
  const { a, accepted } = lazyZone(LINUX_7_3, 3, 4);
  for (let count = 0; count < 4; count++) allocPfn(a, GFP_KERNEL, 0);
  assert.equal(accepted, [3, 4, 5, 6]);
});

test("with two blocks or more that are accepted and free nothing is accepted, with a page less one block", () => {
  const { a, accepted } = lazyZone(RESERVE, 3, 4);
  for (let count = 0; count < MAX_ORDER_PAGES; count += 512) allocPfn(a, GFP_KERNEL, 9);
  assert.equal(accepted, []);
  // Exactly two are left.
  allocPfn(a, GFP_KERNEL, 9);
  assert.equal(accepted, []);
  allocPfn(a, GFP_KERNEL, 9);
  assert.equal(accepted, [3]);
});

test("a request that finds no page has a block accepted whatever the reserve", () => {
  const { a, accepted } = lazyZone({ ...RESERVE, reserveBeforeWatermarksPages: 1 }, 1, 4);
  assert.is(allocPfn(a, GFP_KERNEL, 9), 0);
  assert.is(allocPfn(a, GFP_KERNEL, 10), MAX_ORDER_PAGES);
  assert.equal(accepted, [1]);
});

const MANY = ["platform=tdx", "policy=lazy", "memory=32GiB", "vcpus=64", "guest.commandLine=early_page_ext"];

test("the bring-up of 64 CPUs no longer accepts a block for each request", () => {
  const storm = runBoot(...MANY);
  const calm = runBoot(...MANY, "guest.reserveBeforeWatermarks=8MiB");
  assert.is(calm.outcome, "ready");
  assert.ok(storm.acceptedBytes > calm.acceptedBytes + 2 * GiB);
  assert.ok(storm.bootTimeNs > 2 * calm.bootTimeNs);
  assert.is(calm.touchedBytes, storm.touchedBytes);
  const larger = runBoot(...MANY, "guest.reserveBeforeWatermarks=64MiB");
  assert.ok(larger.acceptedBytes >= calm.acceptedBytes);
  assert.ok(larger.acceptedBytes < calm.acceptedBytes + 256 * MiB);
});

test("kernels that do not accept before watermarks, and policies that leave nothing to it, have no use for it", () => {
  const idle = (policy: string, kernel: string): string[] => {
    const text = JSON.stringify({
      name: "x",
      workload: "generate:boot",
      platform: "tdx",
      memory: "4GiB",
      guest: { reserveBeforeWatermarks: "8MiB" },
      policy,
      kernel,
    });
    return parseScenario(text, "x").flatMap(idleIn);
  };
  const needs =
    "guest.reserveBeforeWatermarks changes nothing in this run; it needs a kernel that accepts before watermarks are set " +
    "(6.14, 6.12.21, 6.6.86), and a policy with a lazy kernel";
  const found = (policy: string, kernel: string): string => {
    try {
      return idle(policy, kernel)[0] ?? "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.is(found("lazy", "7.3"), "");
  assert.is(found("background", "6.12.21"), "");
  for (const [policy, kernel] of [
    ["lazy", "6.12.20"],
    ["lazy", "6.11"],
    ["eager", "7.3"],
    ["fault-driven", "7.3"],
    ["firmware-delegated", "7.3"],
  ] as const)
    assert.ok(found(policy, kernel).endsWith(needs.slice(needs.indexOf("it needs"))), `${policy} ${kernel}`);
});

test.run();
