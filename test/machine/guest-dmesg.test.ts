import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GUEST_DMESG } from "../../src/machine/readers/guest-dmesg.js";
import { MachineError } from "../../src/machine/statement.js";
import { KiB } from "../../src/units.js";
import { golden } from "./golden.js";
import { recordedText } from "./recorded.js";

const test = suite("machine: a guest's boot log");

/** What a log says, by key; its map apart. */
function said(text: string): Record<string, unknown> {
  const { statements } = GUEST_DMESG.read(text);
  const others = statements.filter(({ key }) => key !== "memoryMap");
  return Object.fromEntries(others.map(({ key, value }) => [key, value]));
}

function mapIn(text: string): unknown {
  return GUEST_DMESG.read(text).statements.find(({ key }) => key === "memoryMap")?.value;
}

function remarks(text: string): string[] {
  return GUEST_DMESG.read(text).remarks.map((remark) => `${remark.line}: ${remark.text}`);
}

const EXCERPT = golden("tdx-q35-excerpt.txt");

test("an excerpt of a TDX guest's log: platform, kernel, CPUs, memory, command line", () => {
  assert.equal(said(EXCERPT), {
    kernel: "6.6.0",
    "platform.kind": "tdx",
    vcpus: 2,
    memory: "6GiB",
    "guest.commandLine": "root=/dev/vda2 ro console=hvc0",
  });
});

test("the map: of e820 lines, or of UEFI where efi=debug shows it, in the order of the firmware", () => {
  const e820 =
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM\nBIOS-e820: [gap 0x000a0000-0x000fffff]\n";
  assert.equal(mapIn(`${e820}BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] device reserved`), [
    { start: 0, end: 0x9fc00, type: "usable" },
    { start: 0x100000, end: 0x200000, type: "reserved" },
  ]);
  const efi = [
    "efi: mem00: [Loader Code |   |  |WB] range=[0x0000000000100000-0x00000000001fffff] (1MB)",
    "efi: mem01: [Boot Data   |   |  |WB] range=[0x0000000000200000-0x00000000002fffff] (1MB)",
    "efi: mem02: [Runtime Data|RUN|  |WB] range=[0x0000000000300000-0x00000000003fffff] (1MB)",
    "efi: mem03: [Conventional|   |  |WB] range=[0x0000000000000000-0x000000000009ffff] (0MB)",
    "efi: mem00: [Runtime Data|RUN|  |WB] range=[0x0000000000300000-0x00000000003fffff] (1MB)",
  ].join("\n");
  assert.equal(mapIn(e820 + efi), [
    { start: 0x100000, end: 0x200000, type: "usable" },
    { start: 0x200000, end: 0x300000, type: "boot services" },
    { start: 0x300000, end: 0x400000, type: "reserved" },
    { start: 0, end: 0xa0000, type: "usable" },
  ]);
});

test("each statement has the line that says so, and memory how it follows", () => {
  const { statements } = GUEST_DMESG.read(EXCERPT);
  const lines = EXCERPT.split("\n");
  for (const { line, says } of statements) assert.ok(lines[line - 1]!.endsWith(says), says);
  const memory = statements.find(({ key }) => key === "memory")!;
  assert.is(memory.line, 9);
  assert.is(memory.derived, "the map from line 5 on has RAM of 2GiB from 0 and 4GiB from 4GiB");
});

test("the same log quoted in a mail, from a journal, and with CRLF says the same", () => {
  const bare = EXCERPT.replaceAll(/^\[ *[\d.]+\] /gm, "");
  const shapes = [
    EXCERPT.replaceAll(/^/gm, "> "),
    EXCERPT.replaceAll("\n", "\r\n"),
    bare,
    bare.replaceAll(/^/gm, "Nov 30 09:41:07 vm kernel: "),
    bare.replaceAll(/^/gm, "[Mon Nov 30 09:41:07 2026] "),
  ];
  for (const text of shapes) assert.equal(said(text), said(EXCERPT));
});

test("words that the simulator refuses are left out, each with its reason", () => {
  const line = "Command line: ro accept_memory=eager kmemleak=on swiotlb=many numa=fake=2 swiotlb=131072";
  assert.equal(said(line), { policy: "eager", "guest.commandLine": "ro swiotlb=131072" });
  const told = remarks(line);
  assert.is(told.length, 3);
  assert.match(told[0]!, /^1: kmemleak=on: left out of guest\.commandLine, since it keeps a record/);
  assert.match(told[1]!, "swiotlb=many: left out of guest.commandLine, expected slots, areas");
  assert.match(told[2]!, "numa=fake=2: left out of guest.commandLine, since the nodes");
});

test("a kernel that nobody measured has the sizes that its log prints, one that was has its name", () => {
  const log = recordedText("linux-7.3.4-debian-1c4g/boot.dmesg")!;
  assert.is(said(log)["guest.kernelBuild"], "7.3.4+deb13-cloud-amd64");
  assert.equal(said(log.replaceAll("7.3.4+deb13-cloud-amd64", "7.3.4-9-generic"))["guest.kernelBuild"], {
    code: 17852 * KiB,
    rwdata: 3437 * KiB,
    rodata: 13728 * KiB,
    init: 4412 * KiB,
    bss: 5136 * KiB,
    percpuStatic: 221184,
    percpuReserved: 8 * KiB,
    percpuDynamic: 28 * KiB,
    nodeData: 176320,
  });
});

test("CPUs that could be plugged in do not count", () => {
  assert.equal(said("smpboot: Allowing 8 CPUs, 6 hotplug CPUs"), { vcpus: 2 });
  assert.equal(said("CPU topo: Allowing 4 present CPUs plus 4 hotplug CPUs\nsmpboot: x"), { vcpus: 4 });
  assert.equal(said("smp: Brought up 1 node, 3 CPUs\nsmpboot: Max logical packages: 1"), { vcpus: 3 });
});

test("SNP by its features; SEV-ES alone accepts nothing, and is said", () => {
  const line = "Memory Encryption Features active: AMD SEV SEV-ES";
  assert.equal(said(`${line} SEV-SNP`), { "platform.kind": "snp" });
  assert.equal(said(line), { "platform.kind": "none" });
  assert.match(remarks(line)[0]!, "SEV without SNP");
});

const WHOLE =
  "Memory: 4000000K/4193784K available (16384K kernel code, 100K rwdata, 100000K reserved, 0K cma-reserved)";

test("a whole log without a line of TDX or SEV is a plain guest; of an excerpt nobody knows", () => {
  assert.equal(said(WHOLE), { "platform.kind": "none" });
  assert.equal(said("Linux version 6.12.3"), { kernel: "6.12.3" });
});

test("firmware: its version by DMI, how far it accepted by the map, all where there is no table", () => {
  const head =
    "tdx: Guest detected\nefi: EFI v2.7 by EDK II\nDMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS ";
  assert.is(said(`${head}edk2-stable202408-prebuilt 10/10/2024`)["firmware.version"], "2024.08");
  assert.is(said(`${head}2025.02-8 03/05/2025`)["firmware.version"], "2025.02");
  assert.is(said(`${head}0.0.0 02/06/2015`)["firmware.version"], undefined);
  const map =
    "efi: mem00: [Conventional|   |  |WB] range=[0x0000000000000000-0x000000003fffffff] (1024MB)\n" +
    "efi: mem01: [Unaccepted  |   |  |WB] range=[0x0000000040000000-0x000000007fffffff] (1024MB)";
  assert.is(said(`${head}x\n${map}`)["firmware.preAcceptLimit"], "1GiB");
  assert.is(said(`${head}x\n${WHOLE}`)["firmware.acceptAll"], true);
  assert.is(
    said(`${head}x\nefi: ACPI=0x7fb7e000 Unaccepted=0x7fb74018\n${WHOLE}`)["firmware.acceptAll"],
    undefined,
  );
  const shim = said(`tdx: Guest detected\n${WHOLE}`);
  assert.equal([shim["firmware.preset"], shim["firmware.acceptAll"]], ["td-shim", true]);
});

test("of several boots in one log the last counts, with the lines of its platform in front", () => {
  const text = `[    0.000000] Linux version 6.1.0\n[    9.000000] smpboot: x\n${EXCERPT}`;
  assert.equal(said(text), said(EXCERPT));
  assert.match(remarks(text)[0]!, "an earlier boot, left out");
  const bare = EXCERPT.replaceAll(/^\[ *[\d.]+\] /gm, "");
  assert.equal(said(`Linux version 6.1.0\nsmpboot: x\n${bare}`), said(EXCERPT));
});

test("a mail may break the line of a range; one that is cut is an error, never left out", () => {
  const broken = EXCERPT.replaceAll(/(\]) (usable|reserved|ACPI NVS)$/gm, "$1\n$2").replaceAll(/^/gm, "> ");
  assert.equal(said(broken).memory, "6GiB");
  assert.equal(mapIn(broken), mapIn(EXCERPT));
  for (const [line, expected] of [
    [
      "BIOS-e820: [mem 0x0000000000000000-0x00000000000",
      /^1:1: expected a range of the e820 map and its type/,
    ],
    ["BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff]", /^1:1: expected a range of the e820 map/],
    ["efi: mem00: [Conventional|   |  |WB] range=[0x00000", /^1:1: expected a range of the firmware's map/],
  ] as const)
    assert.throws(() => said(`${line}\n[    0.000000] smpboot: x`), expected);
});

test("ranges that overlap are an error, as no firmware gives a byte twice", () => {
  const line = (last: string): string => `BIOS-e820: [mem 0x0000000000000000-0x${last}] usable\n`;
  const next = "BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] usable\n";
  assert.is(said(line("00000000000fffff") + next).memory, "2MiB");
  assert.throws(
    () => said(line("0000000000100fff") + next),
    /^1:1: expected a range that ends before that of line 2 begins, found BIOS-e820: \[mem/,
  );
});

test("no CPU at all, or more than any machine has, is an error with its line", () => {
  for (const line of [
    "smpboot: Allowing 8 CPUs, 8 hotplug CPUs",
    "CPU topo: Allowing 99999 present CPUs plus 0 hotplug CPUs",
  ])
    assert.throws(() => said(`[    0.000000] ${line}\nsmpboot: x`), /^1:1: expected 1 to 8192 CPUs, found /);
});

test("a range that cannot be is an error with its place", () => {
  const text = "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000000000fff] usable";
  try {
    said(text);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, MachineError);
    assert.match(
      (error as Error).message,
      /^1:12: expected a range that ends behind its start and below 2\^52, found \[mem/,
    );
  }
});

test.run();
