import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB, MiB } from "../../src/units.js";
import { errorsOf, MINIMAL, only } from "./helpers.js";

const test = suite("scenario: machines");

const MAP = `memoryMap:
  - { start: 0, end: 640KiB, type: usable }
  - { start: 1MiB, end: 2GiB, type: usable }
  - { start: 4GiB, end: 6GiB, type: unaccepted }
`;

/** Places and messages without the name of the file. */
function errors(text: string, assignments: readonly string[] = []): string[] {
  return errorsOf(text, assignments).map((line) => line.replace(/^file\.yaml:/, ""));
}

test("a VMM is a word, or a mapping with what it can be told", () => {
  assert.equal(only(`${MINIMAL}vmm: libkrun\n`).vmm, { kind: "libkrun", slots: 0 });
  assert.equal(only(`${MINIMAL}vmm: { lowMemory: 1GiB }\n`).vmm, {
    kind: "q35",
    lowMemoryBytes: GiB,
    slots: 0,
  });
  assert.equal(only(`${MINIMAL}vmm: i440fx\n`, ["vmm.lowMemory=2GiB"]).vmm, {
    kind: "i440fx",
    lowMemoryBytes: 2 * GiB,
    slots: 0,
  });
  assert.equal(errors(`${MINIMAL}vmm: q53\n`), [
    '5:6: vmm: expected one of q35, i440fx, cloud-hypervisor, firecracker, firecracker-1.12, crosvm, libkrun, found "q53", did you mean q35?',
  ]);
});

test("only some VMMs can be told how much lies low", () => {
  assert.equal(errors(`${MINIMAL}vmm: { kind: libkrun, lowMemory: 1GiB }\n`), [
    "5:23: vmm.lowMemory: changes nothing here; it needs vmm.kind q35, i440fx, crosvm, and no memoryMap",
  ]);
});

test("a map is as its file says, in any order", () => {
  const { memoryMap } = only(`${MINIMAL}${MAP}`);
  assert.equal(memoryMap, [
    { start: 0, end: 640 * 1024, type: "usable" },
    { start: MiB, end: 2 * GiB, type: "usable" },
    { start: 4 * GiB, end: 6 * GiB, type: "unaccepted" },
  ]);
  const more = "  - { start: 0xe0000000, end: 0xf0000000, type: reserved }\n";
  assert.is(only(`${MINIMAL}${MAP}${more}`).memoryMap.length, 4);
});

test("ranges of a map are not empty, do not overlap, and are unaccepted in whole pages", () => {
  const entry = (text: string): string => `${MINIMAL}${MAP}  - { ${text} }\n`;
  assert.equal(errors(entry("start: 3GiB, end: 3GiB, type: reserved")), [
    "9:25: memoryMap[3].end: expected an end behind the start 0xc0000000, found 0xc0000000",
  ]);
  assert.equal(errors(entry("start: 5GiB, end: 7GiB, type: usable")), [
    "9:14: memoryMap[3].start: overlaps 0x100000000 to 0x180000000, another range of the list",
  ]);
  assert.equal(errors(entry("start: 0xc0000400, end: 0xc0001000, type: unaccepted")), [
    "9:14: memoryMap[3].start: expected a whole page of unaccepted memory, found 0xc0000400",
  ]);
  assert.match(
    errors(entry("start: 3GiB, end: 4GiB, type: unaceptd"))[0]!,
    /type: expected one of usable, .*did you mean unaccepted\?/,
  );
});

test("a map has no more RAM than the guest", () => {
  const text = `${MINIMAL.replace("4GiB", "[4GiB, 3GiB]")}${MAP}`;
  assert.equal(errors(text), [
    "4:9: memory: expected 4 GiB or more, as memoryMap has so much RAM, found 3 GiB",
  ]);
});

test("what makes a map of its own does not go with one", () => {
  assert.equal(errors(`${MINIMAL}${MAP}firmware: { preset: td-shim }\n`), [
    "9:21: firmware.preset: firmware td-shim tells of memory by itself; not with memoryMap",
  ]);
  assert.equal(errors(`${MINIMAL}${MAP}firmware: { preAcceptLimit: 1GiB }\n`), [
    "9:13: firmware.preAcceptLimit: changes nothing here; it needs a map that follows from the machine, without memoryMap",
  ]);
  assert.equal(errors(`${MINIMAL}${MAP}guest: { unacceptedMemory: zero-page }\n`), [
    "9:28: guest.unacceptedMemory: a record in the zero page is not simulated with memoryMap",
  ]);
  assert.equal(errors(`${MINIMAL}${MAP}policy: acpi-prm\n`), [
    "9:9: policy: policy acpi-prm needs memory that ACPI describes; not with memoryMap",
  ]);
});

test("what is handed over lies in accepted memory", () => {
  const over = (text: string): string[] => errors(`${MINIMAL}${MAP}handOver: { ${text} }\n`);
  assert.equal(over("kernelStart: 16MiB, initrd: { start: 0x40000000, end: 0x40000800 }"), []);
  assert.equal(over("kernelStart: 4GiB"), [
    "9:26: handOver.kernelStart: expected usable memory of memoryMap for the kernel's image, found 0x100000000 to 0x103400000",
  ]);
  assert.match(over("initrd: { start: 2GiB, end: 0x80001000 }")[0]!, "for the initrd, found 0x80000000");
  assert.equal(over("initrd: { start: 0, end: 0 }"), []);
  assert.match(over("setupData: [{ start: 5, end: 4 }]")[0]!, "expected an end behind the start 0x5");
  assert.match(over("acpiTables: [{ start: 1, end: 4, signature: FACPX }]")[0]!, "four letters");
});

test("nothing is handed over without a map", () => {
  assert.equal(errors(`${MINIMAL}handOver: { ioapics: 2 }\n`), [
    "5:1: handOver: changes nothing here; it needs memoryMap",
  ]);
});

test("nodes cover all RAM, and have CPUs that there are, each once", () => {
  const numa = (text: string): string[] => errors(`${MINIMAL}vcpus: 4\nnuma: [${text}]\n`);
  const low = "{ start: 0, end: 2GiB, node: 0";
  assert.equal(numa(`${low}, cpus: 0-1 }, { start: 4GiB, end: 6GiB, node: 1, cpus: "2,3" }`), []);
  assert.match(numa(`${low} }`)[0]!, "numa: covers no node for 2 GiB of RAM from 0x100000000 on");
  assert.match(
    numa(`${low}, cpus: 0-4 }, { start: 4GiB, end: 6GiB, node: 1 }`)[0]!,
    "numa[0].cpus: expected CPUs below 4, found 4",
  );
  assert.match(
    numa(`${low}, cpus: 0-1 }, { start: 4GiB, end: 6GiB, node: 1, cpus: 1-2 }`)[0]!,
    "numa[1].cpus: CPU 1 belongs to another range already",
  );
  assert.match(numa(`${low}, cpus: 1-0 }`)[0]!, "CPUs such as 0-3,8");
  assert.equal(
    errors(
      `${MINIMAL}numa: [${low}, cpus: 0-3 }, { start: 4GiB, end: 6GiB, node: 1 }]\nguest: { hotplugCpus: 3 }\n`,
    ),
    [],
  );
});

test("a build that was measured can be named, and no other", () => {
  assert.equal(only(`${MINIMAL}guest: { kernelBuild: 7.3.4 }\n`).guest.kernelBuild, { of: "7.3.4" });
  assert.match(errors(`${MINIMAL}guest: { kernelBuild: 7.3.5 }\n`)[0]!, "expected one of 6.12.95+deb12");
});

test.run();
