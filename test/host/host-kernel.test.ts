// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { hostKernelOf, hostRules } from "../../src/host/host-kernel.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runBoot } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("host: what its kernel's release does");

const boot = (...settings: readonly string[]): RunResult =>
  runBoot("workload=generate:boot", "policy=lazy", "memory=1GiB", ...settings);

function acceptedNs(run: RunResult): number {
  return run.phases.find(({ name }) => name === "firmware")!.ns;
}

test("pages are cleared in order from 7.0 on, and pages of 4 KiB tracked dynamically from 7.4 on", () => {
  const rules = (kernel?: string): readonly boolean[] => {
    const { clearsInOrder, dynamicPamt } = hostRules(kernel);
    return [clearsInOrder, dynamicPamt];
  };
  assert.equal(rules(), [false, false]);
  assert.equal(rules("6.19.3"), [false, false]);
  assert.equal(rules("7.0-rc1"), [true, false]);
  assert.equal(rules("7.0.1-100.fc44.x86_64"), [true, false]);
  assert.equal(rules("7.3.4"), [true, false]);
  assert.equal(rules("7.4-rc2"), [true, true]);
  assert.equal(rules("8.1"), [true, true]);
});

test("a host may have a kernel that no guest could", () => {
  assert.is(hostKernelOf("5.15.0-1028-azure"), "5.15.0-1028-azure");
  assert.is(hostKernelOf(6.16), "6.16");
  assert.is(hostKernelOf("new"), undefined);
});

test("SNP in pages of 2 MiB: each takes 89 us less on 7.0; in pages of 4 KiB nothing changes", () => {
  const large = ["6.19", "7.0"].map((kernel) =>
    boot("platform=snp", "host.pageSize=2MiB", `host.kernel="${kernel}"`),
  ) as [RunResult, RunResult];
  const pages = large[0].costs.hostClear2m!;
  assert.ok(pages > 400);
  assert.is(large[1].costs.hostClear2mSequential, pages);
  assert.is(large[1].costs.hostClear2m, undefined);
  assert.is(large[0].bootTimeNs - large[1].bootTimeNs, pages * 89_000);
  assert.ok(acceptedNs(large[0]) > acceptedNs(large[1]));
  const small = ["6.19", "7.0"].map((kernel) => boot("platform=tdx", `host.kernel="${kernel}"`));
  assert.equal(small[0]!.costs, small[1]!.costs);
  assert.is(small[0]!.bootTimeNs, small[1]!.bootTimeNs);
});

test("TDX: the same price before and after, unless somebody sets another", () => {
  const ns = (...settings: readonly string[]): number =>
    boot(...settings, "host.pageSize=2MiB", 'host.kernel="7.0"').bootTimeNs;
  const usual = ns("platform=tdx");
  assert.is(boot("platform=tdx", "host.pageSize=2MiB").bootTimeNs, usual);
  const pages = boot("platform=tdx", "host.pageSize=2MiB").costs.hostClear2m!;
  assert.is(usual - ns("platform={kind: tdx, hostClear2mSequentialNs: 100us}"), pages * 100_000);
});

test("7.4 tracks as pages come into use, unless the scenario says otherwise", () => {
  const pamt = (...settings: readonly string[]): number | undefined =>
    boot("platform=tdx", ...settings).costs.pamtAdd;
  assert.is(pamt('host.kernel="7.3"'), undefined);
  const onNew = pamt('host.kernel="7.4"')!;
  assert.ok(onNew > 0);
  assert.is(pamt("host.dynamicPamt=true"), onNew);
  assert.is(pamt('host.kernel="7.4"', "host.dynamicPamt=false"), undefined);
});

test("a release that can change nothing is a mistake of the file", () => {
  const load = (...settings: readonly string[]): unknown =>
    loadScenarios(["workloads/boot.yaml"], settings.map(parseAssignment), { loader: LOADER });
  assert.throws(
    () => load("platform=snp", "memory=1GiB", 'host.kernel="7.0"'),
    /host.kernel: changes nothing here; it needs platform tdx, or snp with a host.pageSize above 4KiB/,
  );
  assert.throws(() => load("platform=tdx", "memory=1GiB", "host.kernel=new"), /expected a Linux release/);
});

test.run();
