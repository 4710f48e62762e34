import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LIBKRUN } from "../../../src/machine/readers/libkrun.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: libkrun");

test("a container's guest", () => {
  const text =
    '{"cpus": 3, "ram_mib": 3000, "kernel_path": "/boot/vmlinuz-6.12.9", "kernel_format": 0, "kernel_cmdline": "quiet"}';
  assert.equal(statementsOf(LIBKRUN, text), [
    "1 vmm.kind = libkrun",
    "1 memory = 3000MiB",
    "1 vcpus = 3",
    "1 platform.kind = none (a guest without it is not confidential)",
    "1 kernel = 6.12.9 (the name of the kernel's file)",
    "1 guest.commandLine = quiet",
  ]);
  assert.equal(remarksOf(LIBKRUN, text), ["1 without bearing on memory, CPUs and acceptance: kernel_format"]);
});

test("a confidential one", () => {
  const text =
    '{\n "workload_id": "w",\n "cpus": 2,\n "ram_mib": 2048,\n "tee": "snp",\n "tee_data": "{}"\n}';
  assert.equal(statementsOf(LIBKRUN, text), [
    "1 vmm.kind = libkrun",
    "3 vcpus = 2",
    "4 memory = 2GiB",
    "5 platform.kind = snp",
  ]);
  assert.match(remarksOf(LIBKRUN, text).join("\n"), /^1 no kernel_path: the kernel is that of libkrunfw/m);
});

test("what says the protection elsewhere leaves it open", () => {
  const text = '{"cpus": 1, "ram_mib": 1024, "flavor": "sev"}';
  assert.ok(!statementsOf(LIBKRUN, text).some((line) => line.includes("platform.kind")));
  assert.match(remarksOf(LIBKRUN, text).join("\n"), /krun-sev.json says which protection/);
});

test("values of another kind are refused", () => {
  assert.throws(
    () => LIBKRUN.read('{"cpus": 0, "ram_mib": 1}'),
    /^1:10: expected a whole number of at least 1 for cpus, found 0$/,
  );
  assert.throws(
    () => LIBKRUN.read('{"cpus": 1, "ram_mib": 1, "tee": "sgx"}'),
    /expected "snp", "tdx" or "sev" for tee, found "sgx"$/,
  );
  assert.not.ok(LIBKRUN.recognises('{"machine-config": {}}'));
});

test.run();
