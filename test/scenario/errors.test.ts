// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { policies } from "../../src/policy/policies.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import { errorsOf, MINIMAL } from "./helpers.js";

const POLICIES = policies().names.join(", ");

const test = suite("scenario: errors");

/** An otherwise good file with more lines from line 5 on. */
function with_(more: string): string[] {
  return errorsOf(MINIMAL + more);
}

test("an unknown key is reported where the key stands, with the nearest known one", () => {
  assert.equal(with_("polcy: lazy\n"), ["file.yaml:5:1: polcy: unknown key, did you mean policy?"]);
});

test("an unknown key far from all others gets no suggestion", () => {
  assert.equal(with_("colour: blue\n"), ["file.yaml:5:1: colour: unknown key"]);
});

test("a key that is no plain word is quoted and stays on one line", () => {
  assert.equal(with_('"two\\nlines": 1\n"": 2\n'), [
    'file.yaml:5:1: "two\\nlines": unknown key',
    'file.yaml:6:1: "": unknown key',
  ]);
});

test("an unknown key in a flow mapping has its own column", () => {
  assert.equal(with_("host: { prefault: true, pagesize: 4KiB }\n"), [
    "file.yaml:5:25: host.pagesize: unknown key, did you mean pageSize?",
  ]);
});

test("the word of one mapping is not suggested in another", () => {
  assert.equal(with_("guest:\n  prefaul: true\n"), ["file.yaml:6:3: guest.prefaul: unknown key"]);
});

test("a value of the wrong type is reported where the value stands", () => {
  assert.equal(with_("host:\n  prefault: 3\n"), [
    "file.yaml:6:13: host.prefault: expected true or false, found 3",
  ]);
  assert.equal(with_("vcpus: many\n"), [
    'file.yaml:5:8: vcpus: expected a whole number from 1 to 1024, found "many"',
  ]);
});

test("a number that breaks two rules is one mistake", () => {
  assert.equal(with_("vcpus: 99999999999999999999\n"), [
    "file.yaml:5:8: vcpus: expected a whole number from 1 to 1024, found 100000000000000000000",
  ]);
});

test("yes is text in YAML 1.2", () => {
  assert.equal(with_("host: { prefault: yes }\n"), [
    'file.yaml:5:19: host.prefault: expected true or false, found "yes"',
  ]);
});

test("a scalar where a mapping is expected", () => {
  assert.equal(with_("host: 4KiB\n"), ['file.yaml:5:7: host: expected a mapping, found "4KiB"']);
});

test("a mapping where a scalar is expected", () => {
  assert.equal(with_("seed:\n  start: 1\n"), [
    "file.yaml:6:3: seed: expected a whole number from 0 to 4294967295, found a mapping",
  ]);
});

test("a decimal unit is refused and the binary one suggested", () => {
  assert.equal(errorsOf(MINIMAL.replace("4GiB", "4GB")), [
    'file.yaml:4:9: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "4GB", did you mean 4GiB?',
  ]);
});

test("no binary size is suggested that would not be accepted either", () => {
  assert.equal(errorsOf(MINIMAL.replace("4GiB", "4KB")), [
    'file.yaml:4:9: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "4KB"',
  ]);
});

test("memory has a least, a most, and whole MiB", () => {
  for (const size of ["255MiB", "4097TiB", "262145KiB"]) {
    assert.equal(errorsOf(MINIMAL.replace("4GiB", size)), [
      `file.yaml:4:9: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "${size}"`,
    ]);
  }
  for (const size of ["256MiB", "4096TiB", "262144KiB"]) {
    assert.equal(errorsOf(MINIMAL.replace("4GiB", size)), []);
  }
});

test("a host page size is one of three", () => {
  assert.equal(with_("host: { pageSize: 64KiB }\n"), [
    'file.yaml:5:19: host.pageSize: expected 4KiB, 2MiB or 1GiB, found "64KiB"',
  ]);
});

test("an address that is neither a size nor all", () => {
  assert.equal(with_("firmware: { preAcceptLimit: most }\n"), [
    'file.yaml:5:29: firmware.preAcceptLimit: expected an address in whole MiB such as 4GiB, or all, found "most"',
  ]);
});

test("a parameter takes a time", () => {
  assert.equal(errorsOf(MINIMAL.replace("tdx", "{ kind: tdx, tdcallNs: 3 min }")), [
    'file.yaml:3:34: platform.tdcallNs: expected a time such as 250us, found "3 min"',
  ]);
  assert.equal(errorsOf(MINIMAL.replace("tdx", "{ kind: tdx, tdcallNs: -1 }")), [
    "file.yaml:3:34: platform.tdcallNs: expected a time such as 250us, found -1",
  ]);
});

test("an unknown policy is reported with the nearest one", () => {
  assert.equal(with_("policy: lasy\n"), [
    `file.yaml:5:9: policy: expected one of ${POLICIES}, found "lasy", did you mean lazy?`,
  ]);
});

test("a bad value in a list has the position of the value", () => {
  assert.equal(with_("policy: [eager, lasy]\n"), [
    `file.yaml:5:17: policy[1]: expected one of ${POLICIES}, found "lasy", did you mean lazy?`,
  ]);
  assert.equal(with_("vcpus:\n  - 1\n  - 1025\n"), [
    "file.yaml:7:5: vcpus[1]: expected a whole number from 1 to 1024, found 1025",
  ]);
});

test("a list without its brackets is recognised", () => {
  assert.equal(with_("policy: eager, lazy\n"), [
    `file.yaml:5:9: policy: expected one of ${POLICIES}, found "eager, lazy", did you mean [eager, lazy]?`,
  ]);
});

test("a list where only one value makes sense", () => {
  assert.equal(errorsOf(MINIMAL.replace("small", "[small, large]")), [
    "file.yaml:1:7: name: expected text, found a list",
  ]);
});

test("a list of lists is refused at the inner one", () => {
  assert.equal(with_("seed: [1, [2, 3]]\n"), [
    "file.yaml:5:11: seed[1]: expected a whole number from 0 to 4294967295, found a list",
  ]);
});

test("a list that would make no run at all is refused", () => {
  assert.equal(with_("seed: []\n"), [
    "file.yaml:5:7: seed: expected a list of at least 1, found an empty list",
  ]);
});

test("an unknown platform, written as a scalar or as a mapping", () => {
  assert.equal(errorsOf(MINIMAL.replace("tdx", "sev")), [
    'file.yaml:3:11: platform: expected one of tdx, snp, none, found "sev"',
  ]);
  assert.equal(errorsOf(MINIMAL.replace("tdx", "{ kind: [tdx, smp] }")), [
    'file.yaml:3:25: platform.kind[1]: expected one of tdx, snp, none, found "smp", did you mean snp?',
  ]);
});

test("an unknown platform parameter is reported with the nearest one", () => {
  assert.equal(errorsOf(MINIMAL.replace("tdx", "{ kind: tdx, tdcalNs: 1us }")), [
    "file.yaml:3:24: platform.tdcalNs: unknown parameter, did you mean tdcallNs?",
  ]);
});

test("a parameter that none of the platforms has", () => {
  assert.equal(errorsOf(MINIMAL.replace("tdx", "{ kind: [snp, none], tdcallNs: 1us }")), [
    "file.yaml:3:32: platform.tdcallNs: not a parameter of platform snp or none",
  ]);
});

test("a required value that is missing is reported at the mapping that misses it", () => {
  assert.equal(errorsOf("\nworkload: w\nplatform: tdx\nmemory: 4GiB\n"), [
    "file.yaml:2:1: name: expected text, found nothing",
  ]);
});

test("platform and memory may be missing only where a preset has them", () => {
  assert.equal(errorsOf("name: a\nworkload: w\n"), [
    "file.yaml:1:1: platform: expected tdx, snp or none, here or from a preset, found nothing",
    "file.yaml:1:1: memory: expected a memory size, here or from a machine, found nothing",
  ]);
  assert.equal(errorsOf("name: a\nworkload: w\nmachine: small\nplatform:\n  tdcallNs: 1us\n"), [
    "file.yaml:5:3: platform.kind: expected tdx, snp or none, here or from a preset, found nothing",
  ]);
});

test("a key without a value is missing, too", () => {
  assert.equal(with_("seed:\n"), [
    "file.yaml:5:6: seed: expected a whole number from 0 to 4294967295, found nothing",
  ]);
});

test("firmware that cannot start the platform", () => {
  assert.equal(with_("firmware: { preset: ovmf-snp }\n"), [
    "file.yaml:5:21: firmware.preset: firmware ovmf-snp does not start a guest on platform tdx; auto takes one that does",
  ]);
});

test("a preset whose firmware cannot start the platform of the file", () => {
  assert.equal(with_("preset: snp-ovmf\n"), [
    "file.yaml:5:9: preset: firmware ovmf-snp does not start a guest on platform tdx; auto takes one that does",
  ]);
});

test("a version that is no tag of edk2, and one for a firmware that has none to choose", () => {
  assert.equal(with_("firmware: { version: 2025.03 }\n"), [
    "file.yaml:5:22: firmware.version: expected a stable tag of edk2 from 2022.08 to 2026.08, such as 2025.02, found 2025.03",
  ]);
  assert.equal(with_("firmware: { preset: tdvf-2022, version: 2025.02 }\n"), [
    "file.yaml:5:32: firmware.version: firmware tdvf-2022 has no version to choose",
  ]);
  assert.equal(with_("firmware: { preset: td-shim, flavour: generic }\n"), [
    "file.yaml:5:30: firmware.flavour: firmware td-shim has no flavour to choose",
  ]);
  assert.equal(with_("firmware: { version: [2022.11, 2025.02, 2026.08] }\n"), []);
});

test("an image that has no code for the platform", () => {
  assert.equal(with_("firmware: { flavour: amdsev }\n"), [
    "file.yaml:5:22: firmware.flavour: the amdsev image does not start a guest on platform tdx",
  ]);
  assert.equal(with_("firmware: { flavour: generic }\n"), []);
});

test("several presets report a mistake of the file once", () => {
  assert.equal(errorsOf("name: a\nworkload: w\npreset: [tdx-tdvf, snp-ovmf]\n"), [
    "file.yaml:1:1: memory: expected a memory size, here or from a machine, found nothing",
  ]);
});

test("a kernel without unaccepted memory: what to take for it, and that YAML reads 6.10 as 6.1", () => {
  const expected =
    "file.yaml:5:9: kernel: expected a Linux release from 6.5 on, as uname -r prints it, found";
  const instead =
    "for such a guest leave kernel out and take policy firmware-delegated, where the firmware accepts all, or " +
    "guest.unacceptedMemory=drops, where it is lost; unaccepted matrix shows both";
  for (const name of ["6.1", "6.1.0-13-amd64", "5.15.0-91-generic", "6.4.16", "6.5-rc0", "v4.13"]) {
    const shown = name.replace("v", "");
    assert.equal(with_(`kernel: "${name}"\n`), [
      `${expected} "${name}"; Linux ${shown} knows nothing of unaccepted memory: ${instead}`,
    ]);
  }
  assert.equal(with_("kernel: 6.10\n"), [
    `${expected} 6.1; Linux 6.1 knows nothing of unaccepted memory (YAML reads 6.10 without quotes as 6.1): ${instead}`,
  ]);
});

test("a kernel that is no release", () => {
  const expected =
    "file.yaml:5:9: kernel: expected a Linux release from 6.5 on, as uname -r prints it, found";
  for (const name of ["newest", "6", "6.", "six.twelve", "constructor", "6..12", ""]) {
    assert.equal(with_(`kernel: "${name}"\n`), [`${expected} "${name}"`]);
  }
});

test("words for the command line that the kernel would ignore or not survive", () => {
  const said = (line: string): string[] => with_(`guest: { commandLine: "${line}" }\n`);
  const at = "file.yaml:5:23: guest.commandLine: expected";
  const size = `${at} a size such as mem=2G or a range such as memmap=1G$4G, not`;
  assert.equal(said("mem=lots"), [`${size} mem=lots, found "mem=lots"`]);
  assert.equal(said("quiet memmap=1G@"), [`${size} memmap=1G@, found "quiet memmap=1G@"`]);
  assert.equal(said("mem=64M"), [
    `${at} an address of 256 MiB or more after mem= or memmap=, found "mem=64M"`,
  ]);
  assert.equal(said("accept_memory=eager"), [
    `${at} no accept_memory=, which \`policy\` decides, found "accept_memory=eager"`,
  ]);
  assert.equal(said("mem=2G quiet ro -- mem=lots"), []);
  assert.equal(said("hugepagesz=1G,hugepages=1"), [
    `${at} 2M or 1G after hugepagesz=, not hugepagesz=1G,hugepages=1, found "hugepagesz=1G,hugepages=1"`,
  ]);
});

test("crashkernel= is refused where the kernel finds it and no word begins", () => {
  for (const line of [
    'crashkernel="256M"',
    '"crashkernel=256M"',
    "quiet -- crashkernel=256M",
    "acrashkernel=1G",
  ]) {
    assert.match(with_(`guest: { commandLine: '${line}' }\n`).join(), "crashkernel= without quotes", line);
  }
  assert.equal(with_('guest: { commandLine: "crashkernel=1G,high crashkernel=128M,low" }\n'), []);
});

test("a guest with more batches than faults can be simulated is refused", () => {
  const said = (policy: string, memory: string): string[] =>
    errorsOf(MINIMAL, [`policy=${policy}`, `memory=${memory}`]);
  assert.equal(said("page-flag", "4096TiB"), [
    "file.yaml:1:1: strategy.batch: a guest of 4 PiB that accepts when memory is touched needs a batch of 2 MiB " +
      "or more here, found 4 KiB",
  ]);
  assert.equal(said("page-flag", "8TiB"), []);
  assert.equal(said("fault-driven", "4096TiB"), []);
  assert.is(errorsOf(MINIMAL, ["policy=page-flag", "memory=7TiB", "hotplug.memory=2TiB"]).length, 1);
  assert.is(errorsOf(MINIMAL, ["policy=fault-driven", "memory=17TiB", "strategy.batch=4KiB"]).length, 1);
});

test("YAML that cannot be read", () => {
  assert.equal(with_("policy: [eager, lazy\nseed: 1\n"), [
    "file.yaml:6:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ]);
  assert.equal(with_("\tseed: 1\n"), ["file.yaml:5:1: Tabs are not allowed as indentation"]);
});

test("a key that is there twice", () => {
  assert.equal(with_("memory: 8GiB\n"), ["file.yaml:5:1: Map keys must be unique"]);
});

test("an empty file, and one with nothing but comments", () => {
  assert.equal(errorsOf(""), ["file.yaml:1:1: the file is empty"]);
  assert.equal(errorsOf("# later\n"), ["file.yaml:1:1: the file is empty"]);
});

test("a file that is no mapping", () => {
  assert.equal(errorsOf("- name: a\n"), ["file.yaml:1:1: expected a mapping, found a list"]);
  assert.equal(errorsOf("boot\n"), ['file.yaml:1:1: expected a mapping, found "boot"']);
});

test("all issues are reported, in the order of the file", () => {
  const text = "name: a\nworkload: 3\nplatfrom: tdx\nmemory: 4GB\nvcpus: 0\n";
  assert.equal(errorsOf(text), [
    "file.yaml:2:11: workload: expected text, found 3",
    "file.yaml:3:1: platfrom: unknown key, did you mean platform?",
    'file.yaml:4:9: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "4GB", did you mean 4GiB?',
    "file.yaml:5:8: vcpus: expected a whole number from 1 to 1024, found 0",
  ]);
});

test("the message of the error is the line of its first issue", () => {
  assert.throws(
    () => parseScenario("name: a\nworkload: 3\nvcpus: 0\n", "dir/x.yaml"),
    (error: unknown) =>
      error instanceof ScenarioError &&
      error.issues.length === 2 &&
      error.message === "dir/x.yaml:2:11: workload: expected text, found 3",
  );
});

test("a name from the prototype of objects is a key like any other", () => {
  assert.equal(with_("constructor: 1\n__proto__: { seed: 2 }\n"), [
    "file.yaml:5:1: constructor: unknown key",
    "file.yaml:6:1: __proto__: unknown key",
  ]);
});

test("the work of a file of nothing but mistakes grows with its length", () => {
  const cpuUsOf = (count: number): number => {
    const keys = Array.from({ length: count }, (_value, at) => `unknown${at}: ${at}\n`).join("");
    const before = process.cpuUsage();
    const errors = errorsOf(`${MINIMAL}${keys}`);
    const { user } = process.cpuUsage(before);
    assert.is(errors.length, count);
    assert.is(errors.at(-1), `file.yaml:${count + 4}:1: unknown${count - 1}: unknown key`);
    return user;
  };
  // With every key compared with every other one, ten times as many took a hundred times as long.
  const shortUs = Math.max(...[1, 2, 3].map(() => cpuUsOf(1000)));
  const longUs = Math.min(...[1, 2].map(() => cpuUsOf(10_000)));
  assert.ok(longUs < 40 * shortUs, `${longUs} of ${shortUs} us`);
});

test.run();
