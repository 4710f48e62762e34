import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { SMALL_6_12_107 } from "../../src/linux/kernel-build.js";
import { type AddressRange, GiB, KiB, MiB, TiB } from "../../src/units.js";
import { freedBootServices } from "../../src/x86/early-efi.js";
import { cleanupMeminfo } from "../../src/x86/early-setup-arch.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";

const test = suite("guest: setup_arch and start_kernel");

const EFI = {
  memoryMap: { start: 0x7e000018, end: 0x7e001500 },
  unacceptedTable: { start: 0x7d000018, end: 0x7d000818 },
  keptTables: [{ start: 0x7c000000, end: 0x7c000040 }],
  bootServices: [
    { start: 0x7b000000, end: 0x7b100000 },
    { start: 0x7c000000, end: 0x7c001000 },
  ],
  mmio: [],
};

test("the first reservations: kernel, 64 KiB, initrd in whole pages, setup_data, BIOS area", () => {
  const machine = plainMachine(GiB, {
    initrd: { start: 0x30000000, end: 0x30000800 },
    setupData: [{ start: 0x20000, end: 0x20020 }],
  });
  const { lines } = runTo(loggedBoot(machine), "early_reserve_memory");
  assert.equal(lines, [
    "memblock_reserve: [0x0000000001000000-0x0000000003bfffff]",
    "memblock_reserve: [0x0000000000000000-0x000000000000ffff]",
    "memblock_reserve: [0x0000000030000000-0x0000000030000fff]",
    "memblock_reserve: [0x0000000000020000-0x000000000002001f]",
    "memblock_reserve: [0x000000000009f000-0x00000000000fffff]",
  ]);
});

test("the unaccepted table becomes memory and is reserved, in whole pages", () => {
  const { lines } = runTo(loggedBoot(plainMachine(GiB, { efi: EFI })), "efi_init");
  assert.equal(lines.slice(-2), [
    "memblock_add: [0x000000007d000000-0x000000007d000fff]",
    "memblock_reserve: [0x000000007d000000-0x000000007d000fff]",
  ]);
});

test("6.5 only reserves its table, which lies in RAM", () => {
  const machine = plainMachine(2 * GiB, { efi: { ...EFI, tableReservation: "bytes" } });
  assert.equal(runTo(loggedBoot(machine), "efi_init").lines.slice(-2), [
    "memblock_reserve: [0x000000007c000000-0x000000007c00003f]",
    "memblock_reserve: [0x000000007d000018-0x000000007d000817]",
  ]);
});

test("boot services memory is reserved unless something in it already is", () => {
  const { boot, lines } = runTo(loggedBoot(plainMachine(2 * GiB, { efi: EFI })), "efi_reserve_boot_services");
  assert.equal(lines, ["memblock_reserve: [0x000000007b000000-0x000000007b0fffff]"]);
  assert.equal(boot.bootServicesReserved, [EFI.bootServices[0]]);
});

test("boot services memory that e820 does not call RAM, or next to the kernel, is reserved for good", () => {
  const bootServices = [
    { start: 0, end: 0x1000 },
    { start: 0x900000, end: 0x1000000 },
    { start: 0x900000 + GiB, end: 0x901000 + GiB },
  ];
  // trim_bios_range() takes the first page.
  const { boot } = runTo(
    loggedBoot(plainMachine(2 * GiB, { efi: { ...EFI, bootServices } })),
    "efi_reserve_boot_services",
  );
  assert.equal(boot.bootServicesReserved, [bootServices[1], bootServices[2]]);
  const inKernel = [{ start: 0x900000, end: 0x1001000 }];
  const { boot: other } = runTo(
    loggedBoot(plainMachine(2 * GiB, { efi: { ...EFI, bootServices: inKernel } })),
    "efi_reserve_boot_services",
  );
  assert.equal(other.bootServicesReserved, []);
});

test("boot services memory goes back but for the first MiB, unless efi=debug shows it", () => {
  const bootServices = [
    { start: 0x87000, end: 0x88000 },
    { start: 0x10_0000, end: 0x20_0000 },
    { start: 0x7b00_0000, end: 0x7b10_0000 },
  ];
  const freed = (commandLine: string): AddressRange[] => {
    const machine = plainMachine(2 * GiB, { commandLine, efi: { ...EFI, bootServices } });
    return freedBootServices(runTo(loggedBoot(machine), "efi_reserve_boot_services").boot);
  };
  assert.equal(freed("console=ttyS0"), bootServices.slice(1));
  assert.equal(freed("efi=runtime,debug"), []);
});

test("memory-mapped I/O of 256 KiB and more leaves the e820 table", () => {
  const reserved = [
    { start: 0xe000_0000, end: 0xe003_f000, type: E820Type.RESERVED },
    { start: 0xffc0_0000, end: 0x1_0000_0000, type: E820Type.RESERVED },
  ];
  const e820 = [...q35Map(GiB), ...reserved];
  const machine = plainMachine(GiB, { e820, efi: { ...EFI, mmio: reserved } });
  const { boot } = runTo(loggedBoot(machine), "efi_init");
  assert.equal(boot.e820, [...q35Map(GiB), reserved[0]!]);
});

test("data of the boot loader stays memory, specific-purpose memory is reserved", () => {
  const e820 = [...q35Map(GiB), { start: 4 * GiB, end: 5 * GiB, type: E820Type.SOFT_RESERVED }];
  const machine = plainMachine(GiB, { e820, setupData: [{ start: 0x200000, end: 0x200100 }] });
  const { boot, lines } = runTo(loggedBoot(machine), "e820__memblock_setup");
  assert.equal(lines, [
    "memblock_add: [0x0000000000001000-0x000000000009fbff]",
    "memblock_add: [0x0000000000100000-0x00000000001fffff]",
    "memblock_add: [0x0000000000200000-0x00000000002000ff]",
    "memblock_add: [0x0000000000200100-0x000000003fffffff]",
    "memblock_reserve: [0x0000000100000000-0x000000013fffffff]",
  ]);
  assert.is(boot.memblock.memory.regions.length, 2);
  assert.is(boot.maxPfn, GiB / 4096);
});

test("data of the boot loader inside a page is no gap in RAM that hibernation leaves out", () => {
  const machine = plainMachine(GiB, { setupData: [{ start: 0x20_0018, end: 0x20_9c58 }] });
  const { lines } = runTo(loggedBoot(machine), "e820__register_nosave_regions");
  // The first page, and 0x9f000 to 1 MiB.
  assert.is(lines.filter((line) => line.startsWith("memblock_alloc_try_nid: 32 bytes")).length, 2);
});

test("four-level page tables end the RAM at 64 TiB", () => {
  const e820 = q35Map(100 * TiB);
  for (const [fiveLevel, end] of [
    [false, 64 * TiB],
    [true, 100 * TiB + 2 * GiB],
  ] as const) {
    const { boot } = runTo(loggedBoot(plainMachine(GiB, { e820, fiveLevel })), "trim_bios_range");
    assert.is(boot.maxPfn, end / 4096);
  }
});

test("without HPET and IOAPIC nothing is allocated for them", () => {
  const without = loggedBoot(plainMachine(GiB, { ioapicCount: 0 }));
  assert.equal(runTo(without, "acpi_parse_hpet").lines, []);
  assert.equal(runTo(loggedBoot(plainMachine(GiB, { ioapicCount: 0 })), "io_apic_init_mappings").lines, []);
  const two = runTo(loggedBoot(plainMachine(GiB, { ioapicCount: 2 })), "io_apic_init_mappings");
  assert.is(two.accepted[0]!.sizeBytes, 2 * 75);
});

test("one entry in sysfs for each entry of the firmware's map, if it is configured", () => {
  const debian = runTo(loggedBoot(plainMachine(4 * GiB)), "e820__reserve_resources");
  // 4 entries of the firmware, 5 after the first page was split off
  assert.equal(
    debian.accepted.map(({ sizeBytes }) => sizeBytes),
    [5 * 64, 104, 104, 104, 104],
  );
  const small = runTo(loggedBoot(plainMachine(4 * GiB), SMALL_6_12_107), "e820__reserve_resources");
  assert.is(small.accepted.length, 1);
});

test("ranges not to be saved are merged, and end with RAM", () => {
  // [0,1) reserved; [0x9f,0x100) reserved and hole; [2G,4G) hole
  const high = runTo(loggedBoot(plainMachine(4 * GiB)), "e820__register_nosave_regions");
  assert.is(high.accepted.length, 3);
  const low = runTo(loggedBoot(plainMachine(2 * GiB)), "e820__register_nosave_regions");
  assert.is(low.accepted.length, 2);
});

test("NUMA blocks are cut to memory and joined when no other node lies between", () => {
  const blocks = [
    { start: 0, end: 0xa0000, nid: 0 },
    { start: MiB, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 6 * GiB, nid: 1 },
    { start: 6 * GiB, end: 8 * GiB, nid: 0 },
    { start: 8 * GiB, end: 9 * GiB, nid: 1 },
  ];
  assert.equal(cleanupMeminfo(blocks, 0x1000, 8 * GiB - MiB), [
    { start: 0x1000, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 6 * GiB, nid: 1 },
    { start: 6 * GiB, end: 8 * GiB - MiB, nid: 0 },
  ]);
});

test("a node with less than 4 MiB gets no data", () => {
  const numaBlocks = [
    { start: 0, end: 2 * GiB - 2 * MiB, nid: 0 },
    { start: 2 * GiB - 2 * MiB, end: 2 * GiB, nid: 1 },
  ];
  const { boot } = runTo(loggedBoot(plainMachine(2 * GiB, { numaBlocks })), "initmem_init");
  assert.equal([...boot.nodeData.keys()], [0]);
});

test("the log buffer grows from 18 CPUs on", () => {
  const sizes = (cpus: number): number[] => {
    const cpuNodes = Array.from({ length: cpus }, () => 0);
    const { accepted } = runTo(loggedBoot(plainMachine(4 * GiB, { cpuNodes })), "setup_log_buf");
    return accepted.map(({ sizeBytes }) => sizeBytes);
  };
  assert.equal(sizes(17), []);
  // 17 * 4 KiB more than 128 KiB: 256 KiB, with 8192 messages of 24 and 88 bytes
  assert.equal(sizes(18), [256 * KiB, 8192 * 24, 8192 * 88]);
  assert.equal(sizes(64), [512 * KiB, 16384 * 24, 16384 * 88]);
});

test("unknown options are printed from a buffer that is freed again", () => {
  const unknownOptions = ["nokaslr", "labwl=nop,mmaps,rand"];
  const machine = plainMachine(GiB, { unknownOptions });
  const { accepted, lines } = runTo(loggedBoot(machine), "print_unknown_bootoptions");
  assert.is(accepted[0]!.sizeBytes, 30);
  assert.match(lines.at(-1)!, /^memblock_phys_free/);
  assert.equal(runTo(loggedBoot(plainMachine(GiB)), "print_unknown_bootoptions").lines, []);
});

test("entry areas of 59 pages: a table for every 2 MiB of them", () => {
  const tables = (cpus: number): number => {
    const cpuNodes = Array.from({ length: cpus }, () => 0);
    return runTo(loggedBoot(plainMachine(4 * GiB, { cpuNodes })), "setup_cpu_entry_areas").accepted.length;
  };
  assert.is(tables(1), 3);
  assert.is(tables(8), 3); // 473 pages
  assert.is(tables(9), 4); // 532 pages
});

test("with several nodes the large hashes wait", () => {
  const numaBlocks = [
    { start: 0, end: 2 * GiB, nid: 0 },
    { start: 4 * GiB, end: 6 * GiB, nid: 1 },
  ];
  const { lines } = runTo(loggedBoot(plainMachine(4 * GiB, { numaBlocks })), "vfs_caches_init_early");
  assert.equal(lines, []);
});

test("64 GiB: the hashes of a real machine of that size", () => {
  // dmesg of 64 GiB machines: 8388608 and 4194304 entries
  const { accepted } = runTo(loggedBoot(plainMachine(64 * GiB)), "vfs_caches_init_early");
  assert.equal(
    accepted.map(({ sizeBytes }) => sizeBytes),
    [64 * MiB, 32 * MiB],
  );
});

test.run();
