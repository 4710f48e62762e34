// Takes 5 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { divergenceLines } from "../../src/report/verify.js";
import { RecordingError, type RecordingFiles } from "../../src/verify/recording-files.js";
import { recordingHolds } from "../../src/verify/result.js";
import type { Comparison } from "../../src/verify/tally.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { edited, recordedFiles } from "./recorded.js";

const test = suite("verify: boots of real firmware");

const ONE = "ovmf-biosgen-4G-k6.12-rd1-coco.log";
const all = recordedFiles("efi-ovmf");
const one = recordedFiles("efi-ovmf", (file) => file !== `${ONE}.gz`);

/** Where it differs, of one log with an edit. */
function differences(change: (text: string) => string, files: RecordingFiles = one): string[] {
  const recording = verifyRecording(edited(files, ONE, change));
  assert.is(recordingHolds(recording), false);
  return divergenceLines(recording).map((line) => line.replace(/^efi-ovmf boot: /, ""));
}

test("62 boots: what the stub made of the map, boot services, zones and nodes, memory", () => {
  const { firmware, zones, handover, runs } = verifyRecording(all);
  assert.equal([firmware, zones, runs], [{ compared: 1711, equal: 1711 }, { compared: 768, equal: 768 }, []]);
  assert.is(handover!.equal, handover!.compared);
});

test("other machines: CPUs, nodes, ROMs, four levels of tables, memory set aside; memblock line by line", () => {
  const { firmware, memblock, zones, handover, notCompared } = verifyRecording(
    recordedFiles("efi-ovmf-variants"),
  );
  assert.equal(
    [firmware, memblock, zones, handover],
    [454, 1798, 216, 49].map((compared) => ({ compared, equal: compared })),
  );
  assert.equal(notCompared, [
    "page tables of entry areas that KASLR places: 6 of biosgen-4G-k6.12-smp4.log",
    "page tables of entry areas that KASLR places: 2 of 2 logs",
  ]);
});

test("a line of memblock that is missing is a difference, but for boots that chance or a ROM decides about", () => {
  const lines = (name: string): ReturnType<typeof verifyRecording> => {
    const file = `${name}.log`;
    const files = recordedFiles("efi-ovmf-variants", (stored) => stored !== `${file}.gz`);
    return verifyRecording(
      edited(files, file, (text) =>
        text.replace(/^.*memblock_reserve: .* efi_reserve_boot_services.*\n/m, ""),
      ),
    );
  };
  const { memblock } = lines("biosgen2502-4G-k7.3-coco-memblock");
  assert.match(memblock!.firstDivergence!.context, "biosgen2502-4G-k7.3-coco-memblock.log: line");
  assert.is(lines("biosgen-4G-k6.12-nokaslr-vga-memblock").memblock!.firstDivergence === undefined, false);
  assert.ok(recordingHolds(lines("biosgen-4G-k7.3-nokaslr-net-memblock")));
});

test("the e820 map comes from the firmware's map", () => {
  assert.equal(
    differences((text) => text.replace("-0x000000007fc61fff] usable", "-0x000000007fc62fff] usable")),
    [
      "what the stub made of the firmware's map first differ at event 5: expected 0x7ef6a000-0x7fc62fff of type 1, " +
        `found 0x7ef6a000-0x7fc61fff of type 1 (${ONE}: entry 5 of the e820 map)`,
    ],
  );
});

test("the place of the stub's seed comes from the rule of the firmware's pool", () => {
  const [line] = differences((text) => text.replace("RNG=0x7fee9018", "RNG=0x7fee9098"));
  assert.match(line!, "expected 0x7fee9098, found 0x7fee9018");
});

test("what the kernel may free of boot services comes from the map and what is reserved by then", () => {
  // A descriptor that holds the table of memory attributes is not the kernel's to free.
  const [line] = differences((text) => text.replace("MEMATTR=0x7dcf8018", "MEMATTR=0x7dd30018"));
  assert.match(line!, /range \d+ of boot services to be freed/);
});

test("zones and memory of nodes come from the e820 map", () => {
  const [line] = differences((text) =>
    text.replace("node   0: [mem 0x0000000000813000", "node   0: [mem 0x0000000000814000"),
  );
  assert.match(
    line!,
    /sizes of zones first differ at event \d+: expected {3}node {3}0: \[mem 0x0000000000814000-/,
  );
});

test("memory that the kernel counts as its own comes from all that it has reserved", () => {
  const [line] = differences((text) => text.replace("235756K reserved", "235760K reserved"));
  assert.match(line!, `expected 235760, found 235756 (${ONE}: KiB reserved)`);
});

test("of an initrd all pages are reserved memory", () => {
  const [line] = differences((text) =>
    text.replace(/RAMDISK: \[mem 0x(\w+)-0x\w+\]/, "RAMDISK: [mem 0x$1-0x7da45fff]"),
  );
  assert.match(line!, "KiB reserved");
});

test("the data of a node lies where memblock finds room", () => {
  const [line] = differences((text) =>
    text.replace("NODE_DATA(0) allocated [mem 0x17ffd3680", "NODE_DATA(0) allocated [mem 0x17ffd2680"),
  );
  assert.match(line!, `(${ONE}: NODE_DATA of node 0)`);
});

test("with KASLR a page table more of the CPU entry areas is chance and named; three more are a difference", () => {
  const name = "ovmf-2026.08-4G-k6.12-rd1.log";
  const files = recordedFiles("efi-ovmf", (file) => file !== `${name}.gz`);
  const withPages = (pages: number): ReturnType<typeof verifyRecording> =>
    verifyRecording(
      edited(files, name, (text) => text.replace("234084K reserved", `${234084 + 4 * pages}K reserved`)),
    );
  assert.is(withPages(0).notCompared, undefined);
  const oneMore = withPages(1);
  assert.ok(recordingHolds(oneMore));
  assert.equal(oneMore.notCompared, [`page tables of entry areas that KASLR places: 1 of ${name}`]);
  assert.is(recordingHolds(withPages(3)), false);
  assert.is(recordingHolds(withPages(-1)), false);
});

test("the memory of a kernel whose sizes are not known is not compared, and named", () => {
  const other = edited(one, ONE, (text) => text.replace("6.12.117+deb13", "6.12.118+deb13"));
  const { notCompared, zones, handover } = verifyRecording(other);
  assert.equal(notCompared, [
    `Memory: (sizes of the kernel 6.12.118+deb13-cloud-amd64 are not known) of ${ONE}`,
  ]);
  assert.is(zones!.equal, zones!.compared);
  assert.is(handover, undefined);
});

test("a recording of an unmodified kernel compares the e820 map where its boot log has the firmware's", () => {
  const log = new TextDecoder().decode(
    recordedFiles("efi-ovmf-variants").read("biosgen2502-4G-k7.3-coco-memblock.log"),
  );
  const firmwareOf = (text: string): Comparison =>
    verifyRecording({
      name: "one",
      list: () => ["boot.dmesg"],
      read: (file) =>
        file === "boot.dmesg"
          ? new TextEncoder().encode(`${text}[    9.000000] Run /init as init process\n`)
          : undefined,
    }).firmware!;
  const whole = firmwareOf(log);
  assert.is(whole.compared, 27);
  assert.is(whole.equal, 27);
  const moved = firmwareOf(
    log.replace(/(BIOS-e820: \[mem 0x0000000000100000-0x)[0-9a-f]+/, "$1000000000020ffff"),
  );
  assert.match(moved.firstDivergence!.context, "boot.dmesg: entry 1 of the e820 map");
});

test("a log that is cut or has no machine is an error of one line", () => {
  for (const [change, expected] of [
    [(text: string) => text.slice(0, 20_000), "it was cut"],
    [(text: string) => text.replace(/^.*pcpu-alloc: \[0\].*\n/m, ""), "a boot log up to pcpu-alloc"],
    [
      (text: string) => text.replace("mem00: [Conventional", "mem00: [type=99     "),
      "a memory map of known types",
    ],
    [
      (text: string) => text.replace("Linux version 6.12.117", "Linux version 5.10.0"),
      "a kernel from 6.5 on",
    ],
  ] as const) {
    assert.throws(
      () => verifyRecording(edited(one, ONE, change)),
      (error: unknown) => error instanceof RecordingError && error.message.includes(expected),
    );
  }
});

test.run();
