// Takes 8 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatMachineCheck, formatMachineCheckJson } from "../../src/report/machine-check.js";
import { GiB } from "../../src/units.js";
import { golden } from "./golden.js";
import { checked, differing, imported, recordedText } from "./recorded.js";

const test = suite("machine: a run beside a guest's log");

/** Recordings of kernels as distributions build them and of one with an allocator log; by BIOS and by OVMF; one node and two. */
const RECORDINGS: readonly (readonly [name: string, rows: number])[] = [
  ["linux-6.12.95-1c4g", 17],
  ["linux-6.12.107-debian-4c16g", 18],
  ["linux-6.18.15-debian-2n2x2g", 18],
  ["linux-7.3.4-debian-2c4g", 18],
  ["linux-7.3.4-lazy-2n2x1g-all", 17],
  ["linux-7.3.4-ovmf-1c4g-high", 19],
];

for (const [name, rows] of RECORDINGS) {
  test(`${name}: what import writes repeats the boot exactly`, () => {
    const dmesg = recordedText(`${name}/boot.dmesg`)!;
    const files = ["meminfo", "zoneinfo", "vmstat"].flatMap((file) => {
      const text = recordedText(`${name}/boot.${file}`);
      return text === undefined ? [] : [[file, text] as const];
    });
    const result = checked(imported(dmesg), { dmesg, ...Object.fromEntries(files) });
    assert.equal(differing(result), []);
    assert.is(result.rows.filter(({ verdict }) => verdict === "equal").length, rows);
  });
}

/** Boots with efi=debug: the map of UEFI, with what the stub puts into it. */
const EFI_LOGS = [
  "efi-ovmf/ovmf-2022.11-8G-k7.3-rd32.log",
  "efi-ovmf/ovmf-2026.08-4G-k7.3-rd1-pc.log",
  "efi-ovmf/ovmf-biosgen-4G-k7.3-rd1-coco-smp8.log",
  "efi-ovmf/ovmf-inteltdxnosb-4G-k6.12-rd1-coco.log",
];

for (const name of EFI_LOGS) {
  test(`${name}: the same with the map of UEFI`, () => {
    const dmesg = recordedText(name)!;
    assert.equal(differing(checked(imported(dmesg), { dmesg })), []);
  });
}

const STOCK = "linux-7.3.4-debian-1c4g";
const DMESG = recordedText(`${STOCK}/boot.dmesg`)!;
const YAML = imported(DMESG);

test("another initrd is the cause of what it takes, to the page", () => {
  const result = checked(YAML.replace("initrd: { start: 0x7fee4000,", "initrd: { start: 0x7fdc4000,"), {
    dmesg: DMESG,
  });
  assert.equal(differing(result), ["Memory: reserved: explained -1152 initrd left 0"]);
});

test("words of the command line are the cause of what they reserve", () => {
  const result = checked(YAML.replace(/(commandLine: .* )norandmaps/, "$1norandmaps crashkernel=64M"), {
    dmesg: DMESG,
  });
  assert.equal(differing(result), ["Memory: reserved: explained -65536 command line left 0"]);
});

test("a map that is another one is no one's to explain, where the scenario gives it", () => {
  const result = checked(YAML.replace("end: 0x180000000, type: usable", "end: 0x17fff0000, type: usable"), {
    dmesg: DMESG,
  });
  const [map, ...rest] = differing(result);
  assert.is(map, "e820 map: unexplained  left 0");
  assert.match(rest.join("; "), "lines of zones and nodes: explained 6 memory map left 0");
  assert.match(
    formatMachineCheck(result).replaceAll(/\n */g, " "),
    "first difference: 0x100000000-0x17fffffff usable in the log, 0x100000000-0x17ffeffff usable in the run",
  );
});

test("a number of the log that nothing makes has no explanation, and is said first", () => {
  const dmesg = DMESG.replace(/(\d+)K reserved/, (_all, kib) => `${Number(kib) + 12}K reserved`);
  const result = checked(YAML, { dmesg });
  assert.equal(differing(result), ["Memory: reserved: unexplained  left 12"]);
  const text = formatMachineCheck(result);
  assert.match(text, /^The run does not explain the log: 1 difference of \d+ lines \(Memory: reserved\)/);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  assert.is(JSON.parse(formatMachineCheckJson(result)).holds, false);
});

test("page tables that KASLR places are explained up to what chance may take, and no further", () => {
  const name = "efi-ovmf/ovmf-2025.02-4G-k7.3-rd1.log";
  const log = recordedText(name)!;
  const more = (kib: number): string[] =>
    differing(
      checked(imported(log), {
        dmesg: log.replace(/(\d+)K reserved/, (_all, reserved) => `${Number(reserved) + kib}K reserved`),
      }),
    );
  assert.equal(more(0), []);
  assert.equal(more(4), ["Memory: reserved: explained 4 page tables that KASLR places, 0 to 8 KiB left 0"]);
  assert.equal(more(12), ["Memory: reserved: unexplained  left 12"]);
  assert.equal(more(-4), ["Memory: reserved: unexplained  left -4"]);
});

test("a build that is not the log's: what the log and its resources say of it is exact", () => {
  const name = "linux-6.17.13-debian-1c2g";
  const dmesg = recordedText(`${name}/boot.dmesg`)!;
  const iomem = recordedText(`${name}/boot.iomem`)!;
  const yaml = imported(dmesg).replace(/kernelBuild: .*/, "kernelBuild: 6.12.107+deb12-cloud-amd64");
  assert.equal(differing(checked(yaml, { dmesg, iomem })), [
    "Memory: reserved: explained -16 per-CPU areas of the kernel's build, 2048 image of the kernel's build left 0",
  ]);
  const [row] = differing(checked(yaml, { dmesg }));
  assert.match(
    row!,
    "2048 the image of another build than 6.12.107+deb12-cloud-amd64, of which Memory: names 39458 KiB",
  );
  const more = dmesg.replace(/(\d+)K reserved/, (_all, kib) => `${Number(kib) + 1024}K reserved`);
  assert.match(differing(checked(yaml, { dmesg: more }))[0]!, "explained");
  assert.match(differing(checked(yaml, { dmesg: more, iomem }))[0]!, "unexplained");
});

test("a console that did not get the line of per-CPU groups loses nothing on one node", () => {
  const dmesg = recordedText("linux-7.3.4-debian-4c4g/boot.dmesg")!.replaceAll(/^.*pcpu-alloc:.*\n/gm, "");
  assert.equal(differing(checked(imported(dmesg), { dmesg })), []);
});

test("pools of huge pages and the crash kernel's memory are lines of their own", () => {
  for (const [name, what] of [
    ["efi-ovmf-variants/biosgen-6G-k7.3-hugepages.log", "huge pages of 1.00 GiB"],
    ["efi-ovmf-variants/biosgen-4G-k7.3-crashkernel.log", "crashkernel"],
  ] as const) {
    const dmesg = recordedText(name)!;
    const yaml = imported(dmesg);
    const row = checked(yaml, { dmesg }).rows.find((one) => one.what === what)!;
    assert.equal([row.verdict, row.difference], ["equal", 0], name);
    const without = yaml.replaceAll(/ (hugepages=1|crashkernel=256M)$/gm, "");
    assert.ok(differing(checked(without, { dmesg })).some((line) => line.startsWith(what)));
  }
});

test("a run that ends before init, of a log in which init runs, is a difference", () => {
  const dmesg = `${golden("tdx-q35-excerpt.txt")}[    2.000000] Run /init as init process\n`;
  const ofHost = (memoryBytes: number): string[] =>
    differing(
      checked(imported(dmesg), { dmesg }, (scenario) => ({
        ...scenario,
        policy: "eager",
        host: { ...scenario.host, memoryBytes },
      })),
    ).filter((line) => line.startsWith("outcome"));
  assert.equal(ofHost(3 * GiB), ["outcome: unexplained  left 0"]);
  assert.equal(ofHost(16 * GiB), []);
});

test("a bounce buffer is rounded up for the areas of CPUs, which an excerpt may not say", () => {
  const dmesg = golden("tdx-q35-excerpt.txt");
  const rows = (log: string): string[] =>
    differing(checked(imported(log), { log })).filter((line) => line.startsWith("SWIOTLB"));
  assert.match(rows(dmesg).join(), /^SWIOTLB: explained -146432 rounded up to a power of two/);
  assert.match(rows(dmesg.replace("adjusted to 369MB", "adjusted to 200MB")).join(), "SWIOTLB: unexplained");
  assert.equal(rows(dmesg.replace("adjusted to 369MB", "roundup to 512MB")), []);
});

test("a TD of many CPUs: its times are told, with a warning; of few without", () => {
  const dmesg = golden("tdx-gcp.txt");
  const warning = "stamps of a log cannot be trusted in a TD with 32 vCPUs";
  const notes = (vcpus: number): string =>
    checked(imported(dmesg), { dmesg }, (scenario) => ({ ...scenario, vcpus })).notes.join(" ");
  assert.match(notes(32), warning);
  assert.not.match(notes(4), "cannot be trusted");
});

test("a log of another machine is told by its platform, kernel and CPUs", () => {
  const dmesg = golden("tdx-q35-excerpt.txt");
  const rows = (change: (yaml: string) => string): string[] =>
    differing(checked(change(imported(dmesg)), { dmesg })).filter((line) =>
      /^(platform|kernel|vcpus)/.test(line),
    );
  assert.equal(rows(String), []);
  assert.equal(
    rows((yaml) => yaml.replace("platform: tdx", "platform: snp")),
    ["platform: unexplained  left 0"],
  );
  assert.equal(
    rows((yaml) => yaml.replace("vcpus: 2", "vcpus: 3")),
    ["vcpus: unexplained  left 0"],
  );
  assert.equal(
    rows((yaml) => yaml.replace("kernel: 6.6.0", "kernel: 6.8.0")),
    ["kernel: unexplained  left 0"],
  );
  assert.equal(
    rows((yaml) => yaml.replace("kernel: 6.6.0", 'kernel: "6.6"')),
    ["kernel: explained  left 0"],
  );
});

test("without the log nobody knows what the kernel freed of itself", () => {
  const meminfo = recordedText(`${STOCK}/boot.meminfo`)!;
  assert.equal(differing(checked(YAML, { dmesg: DMESG, meminfo })), []);
  assert.equal(differing(checked(YAML, { meminfo })), ["MemTotal: unexplained  left 8632"]);
});

test.run();
