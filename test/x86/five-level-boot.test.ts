import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { buildOf, type KernelBuild } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { earlySteps } from "../../src/x86/early-memblock.js";
import { loggedBoot, plainMachine } from "../guest/machines.js";

/*
 * Boots of Debian's kernels 6.12.107 and 7.3.4 for machines (with page extensions) in QEMU q35 with 4608 MiB, 8
 * CPUs and five levels of page tables: addresses of their logs, in order.
 */
const test = suite("x86: a boot with five levels of page tables");

const { RAM, RESERVED } = E820Type;
const E820 = [
  { start: 0, end: 0x9fc00, type: RAM },
  { start: 0x9fc00, end: 0xa0000, type: RESERVED },
  { start: 0xf0000, end: 0x100000, type: RESERVED },
  { start: 0x100000, end: 0x7ffdf000, type: RAM },
  { start: 0x7ffdf000, end: 0x80000000, type: RESERVED },
  { start: 0xb0000000, end: 0xc0000000, type: RESERVED },
  { start: 0xfed1c000, end: 0xfed20000, type: RESERVED },
  { start: 0xfffc0000, end: 0x100000000, type: RESERVED },
  { start: 0x100000000, end: 0x1a0000000, type: RAM },
  { start: 0xfd00000000, end: 0x10000000000, type: RESERVED },
];

/** Where each step allocates, as the log shows it. */
function places(kernel: string): Map<string, number[]> {
  const build: KernelBuild = { ...buildOf("cloud", kernel), pageExtension: true };
  const commandLine = "console=ttyS0 nokaslr memblock=debug log_buf_len=4M loglevel=7 panic=-1 norandmaps";
  const { boot, lines } = loggedBoot(
    plainMachine(0, {
      e820: E820,
      cpuNodes: Array.from({ length: 8 }, () => 0),
      fiveLevel: true,
      commandLine,
      acpiTables: [{ signature: "HPET", start: 0x7ffe1000, end: 0x7ffe1038 }],
    }),
    build,
    kernelRules(kernel),
  );
  const found = new Map<string, number[]>();
  for (const step of earlySteps(boot.bootRules)) {
    step.run(boot);
    const starts = lines.flatMap((line) => /memblock_reserve: \[0x(\w+)-/.exec(line)?.[1] ?? []);
    found.set(
      step.name,
      starts.map((start) => Number.parseInt(start, 16)),
    );
    lines.length = 0;
  }
  return found;
}

test("7.3.4: the memory map is below what setup_arch() takes, and runs from the top down", () => {
  const found = places("7.3.4");
  const [sparse, resources] = [found.get("sparse_init")!, found.get("e820__reserve_resources")!];
  assert.equal(found.get("initmem_init"), [0x19ead2f40]);
  assert.equal(found.get("acpi_parse_hpet"), [0x19ead2ec0]);
  assert.equal(found.get("io_apic_init_mappings"), [0x19ead2e40]);
  assert.equal([resources[0], resources.at(-1), resources.length], [0x19ead2b80, 0x19ead2680, 11]);
  assert.equal(found.get("e820__register_nosave_regions")!.at(-1), 0x19ead25c0);
  assert.equal(sparse.slice(0, 3), [0x19e8d25c0, 0x19e8d15c0, 0x19e8d0940]);
  assert.equal(sparse.slice(3, 6), [0x19e8cf000, 0x19e8ce000, 0x19e8cd000]);
  assert.equal(
    [sparse[6], sparse[7], sparse.at(-1), sparse.length],
    [0x19e600000, 0x19e400000, 0x19a000000, 42],
  );
  assert.equal(found.get("setup_command_line"), [0x19e8d08c0, 0x19e8d0840]);
  assert.is(found.get("setup_per_cpu_areas")![2], 0x199e00000);
  assert.equal(found.get("vfs_caches_init_early"), [0x199600000, 0x199200000]);
  assert.is(found.get("swiotlb_init")![0], 0x7bfdf000);
});

test("6.12.107: one block of 72 MiB in the middle of setup_arch()", () => {
  const found = places("6.12.107");
  assert.equal(found.get("initmem_init"), [0x19edd3680]);
  assert.equal(
    found.get("sparse_init"),
    [0x19ebd3680, 0x19ebd2680, 0x19ebd1e80, 0x19a200000, 0x19ebd0000, 0x19ebcf000, 0x19ebce000],
  );
  assert.equal(found.get("acpi_parse_hpet"), [0x19ebd1e00]);
  assert.is(found.get("setup_per_cpu_areas")![2], 0x199e00000);
});

test.run();
