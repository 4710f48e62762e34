import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { machineFromBootLog } from "../../src/x86/boot-log.js";
import { qemuAcpiTables } from "../../src/x86/qemu-acpi.js";

const test = suite("guest: machine of a boot log");

const LOG = `
[    0.000000] Command line: console=ttyS0 foo=1
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007ffdffff] usable
[    0.000000] BIOS-e820: [mem 0x000000007ffe0000-0x000000007fffffff] ACPI data
[    0.007098] RAMDISK: [mem 0x7fe4f000-0x7ffdffff]
[    0.007301] ACPI: Reserving FACP table memory at [mem 0x7ffe2079-0x7ffe216c]
[    0.007302] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]
[    0.007302] ACPI: SRAT: Node 1 PXM 1 [mem 0x00100000-0x7fffffff]
[    0.008000] IOAPIC[0]: apic_id 0, version 32, address 0xfec00000, GSI 0-23
[    0.009000] pcpu-alloc: s233472 r8192 d28672 u2097152 alloc=1*2097152
[    0.009001] pcpu-alloc: [0] 0 2 [1] 1 3 
[    0.010000] Kernel command line: console=ttyS0 foo=1
[    0.010001] Unknown kernel command line parameters "foo=1 bar", will be passed to user space.
`;

test("a kernel of 7.x has other words for RAM and for what is reserved, and prints gaps", () => {
  const { e820 } = machineFromBootLog(`
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM
[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x00000000000fffff]  device reserved
[    0.000000] BIOS-e820: [gap 0x0000000080000000-0x00000000afffffff]
[    0.009001] pcpu-alloc: [0] 0
`)!;
  assert.equal(e820, [
    { start: 0, end: 0x9fc00, type: E820Type.RAM },
    { start: 0x9fc00, end: 0x100000, type: E820Type.RESERVED },
  ]);
});

test("of RAM that a kernel prints in pieces every second one is data of the boot loader", () => {
  const { setupData } = machineFromBootLog(`${LOG}
[    0.000000] reserve setup_data: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] reserve setup_data: [mem 0x0000000000100000-0x000000007dd29017] usable
[    0.000000] reserve setup_data: [mem 0x000000007dd29018-0x000000007dd32c57] usable
[    0.000000] reserve setup_data: [mem 0x000000007dd32c58-0x000000007ee17fff] usable
[    0.000000] reserve setup_data: [mem 0x000000007ee18000-0x000000007eed8fff] reserved
`)!;
  assert.equal(setupData, [{ start: 0x7dd29018, end: 0x7dd32c58 }]);
});

test("memory of a confidential guest is encrypted, that of a host with SME is not shared", () => {
  const isEncrypted = (features: string): boolean =>
    machineFromBootLog(`${LOG}[    1.0] Memory Encryption Features active: ${features}\n`)!.memoryEncrypted;
  for (const features of ["Intel TDX", "AMD SEV SEV-ES SEV-SNP"]) assert.ok(isEncrypted(features), features);
  assert.not.ok(isEncrypted("AMD SME"));
});

test("everything a boot needs is read", () => {
  assert.equal(machineFromBootLog(LOG), {
    e820: [
      { start: 0, end: 0x9fc00, type: E820Type.RAM },
      { start: 0x9fc00, end: 0xa0000, type: E820Type.RESERVED },
      { start: 0x100000, end: 0x7ffe0000, type: E820Type.RAM },
      { start: 0x7ffe0000, end: 0x80000000, type: E820Type.ACPI },
    ],
    kernelStart: 0x1000000,
    initrd: { start: 0x7fe4f000, end: 0x7ffe0000 },
    setupData: [],
    acpiTables: [{ signature: "FACP", start: 0x7ffe2079, end: 0x7ffe216d }],
    ioapicCount: 1,
    commandLine: "console=ttyS0 foo=1",
    unknownOptions: ["foo=1", "bar"],
    cpuNodes: [0, 1, 0, 1],
    numaBlocks: [
      { start: 0, end: 0xa0000, nid: 0 },
      { start: 0x100000, end: 0x80000000, nid: 1 },
    ],
    fiveLevel: false,
    memoryEncrypted: false,
  });
});

test("a log without map or CPUs is no boot log", () => {
  assert.is(machineFromBootLog("hello"), undefined);
  assert.is(machineFromBootLog(LOG.replaceAll("pcpu-alloc", "x")), undefined);
  assert.is(machineFromBootLog(LOG.replaceAll("BIOS-e820", "x")), undefined);
});

// Two recorded QEMU 7.2 machines (workloads/recorded: 1 and 2 CPUs with 4 GiB).
test("tables of q35 with one CPU", () => {
  assert.equal(
    qemuAcpiTables(0x7ffe0000, 1).map(({ signature, start, end }) => [signature, start, end - 1]),
    [
      ["FACP", 0x7ffe2079, 0x7ffe216c],
      ["DSDT", 0x7ffe0040, 0x7ffe2078],
      ["FACS", 0x7ffe0000, 0x7ffe003f],
      ["APIC", 0x7ffe216d, 0x7ffe21e4],
      ["HPET", 0x7ffe21e5, 0x7ffe221c],
      ["MCFG", 0x7ffe221d, 0x7ffe2258],
      ["WAET", 0x7ffe2259, 0x7ffe2280],
    ],
  );
});

test("tables of q35 with two CPUs", () => {
  const tables = qemuAcpiTables(0x7ffe0000, 2);
  assert.equal(tables[1], { signature: "DSDT", start: 0x7ffe0040, end: 0x7ffe20cc });
  assert.equal(tables[3], { signature: "APIC", start: 0x7ffe21c0, end: 0x7ffe2240 });
  assert.equal(tables.at(-1), { signature: "WAET", start: 0x7ffe22b4, end: 0x7ffe22dc });
});

test.run();
