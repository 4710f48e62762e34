import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BOOT } from "../../src/guest/boot.js";

const test = suite("guest: the list of its boot");

/** Linux 6.12 init/main.c: start_kernel, mm_core_init, kernel_init_freeable, and the levels of initcalls. */
const KERNEL_ORDER = [
  "efi_stub_entry",
  "setup_arch",
  "memmap_init",
  "memblock_free_all",
  "setup_per_cpu_pageset",
  "mem_encrypt_init",
  "smp_init",
  "deferred_init_memmap",
  "page_alloc_init_late",
  "cma_init_reserved_areas",
  "init_per_zone_wmark_min",
  "hugetlb_init",
  "hugepage_init",
  "acpi_init",
  "kswapd_init",
  "run_init_process",
];

test("its steps are in the order of the kernel", () => {
  assert.equal(
    BOOT.names.filter((name) => KERNEL_ORDER.includes(name)),
    KERNEL_ORDER,
  );
});

test("its phases are those that results show", () => {
  assert.equal(
    BOOT.names.filter((name) => name.startsWith("= ")).map((name) => name.slice(2)),
    [
      "launch",
      "firmware",
      "exit boot services",
      "memblock",
      "first struct pages",
      "memblock_free_all",
      "early kernel",
      "deferred init",
      "initcalls",
    ],
  );
});

test.run();
