/**
 * Memory maps that edk2 2026.08 in flash leaves: what boot and runtime services hold at hand-over.
 * Each is from the log of one boot (recorded 2026-11, QEMU 7.2 q35, Linux 7.3.4 started by the VMM, `efi=debug`),
 * without what the machine, the kernel, the initrd and the stub bring along; `edk2-map.ts` puts these back.
 */

import type { RecordedMap } from "./recorded-map.js";

export const FLASH_2026_08: readonly RecordedMap[] = [
  {
    recording: "ovmf-2026.08-4G-k7.3-rd1",
    s3: true,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2322408, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD3 BC57
      BD5 BC70 BD9 BC6 BD3 BC19`,
    below: `
      BC24 BD8 BC59 BD10 BC46 BD1 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD42 BC84 BD3 BC21 BD5 BC4 BD10
      BC22 BD15 BC14 BD36 CONV2 BD1 CONV83 BC341`,
  },
  {
    recording: "ovmf-2026.08-4G-k7.3-rd0",
    s3: true,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2322408, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD3 BC57
      BD5 BC70 BD9 BC6 BD9 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD1 BC29 BD1 BC27 BD12 BC61 BD71 BC8 BD1 BC72 BD2 BC12 BD7 BC10 BD4 BC7 BD10
      BC22 BD15 BC14 BD33 CONV2 BD1 CONV51 BC341`,
  },
  {
    recording: "ovmf-2026.08-2G-k7.3-rd1",
    s3: true,
    initrd: true,
    high: false,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2326504, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD1 BC4 BD3
      BC54 BD3 BC69 BD10 BC6 BD3 BC19`,
    below: `
      BC24 BD2 BC4 BD2 BC42 BD2 BC11 BD10 BC45 BD4 BC9 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD40 BC6 BD1
      BC78 BD3 BC14 BD1 BC24 BD4 BC9 BD15 BC14 BD46 CONV3 BD1 CONV83 BC341`,
  },
  {
    recording: "ovmf-2026.08-2G-k7.3-rd0",
    s3: true,
    initrd: false,
    high: false,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2326504, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD1 BC4 BD3
      BC54 BD3 BC69 BD10 BC6 BD9 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD2 BC56 BD12 BC9 BD6 BC25 BD11 BC10 BD18 BC17 BD37 BC80 BD2 BC12 BD7 BC10 BD4
      BC7 BD10 BC22 BD15 BC14 BD33 CONV3 BD1 CONV85 BC341`,
  },
  {
    recording: "ovmf-2026.08-1G-k7.3-rd1",
    s3: true,
    initrd: true,
    high: false,
    lowMiB: 1024,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2326504, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD1 BC4 BD3
      BC54 BD3 BC69 BD10 BC6 BD3 BC19`,
    below: `
      BC24 BD2 BC4 BD2 BC42 BD2 BC11 BD10 BC45 BD4 BC9 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD41 BC84 BD3
      BC14 BD1 BC24 BD4 BC9 BD15 BC14 BD46 CONV3 BD1 CONV83 BC341`,
  },
  {
    recording: "ovmf-2026.08-4G-k7.3-rd1-lowmem1G",
    s3: true,
    initrd: true,
    high: true,
    lowMiB: 1024,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2326504, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD1 BC17 BD1024 BC4 BD19 BC4 BD3 BC29 BD5 BC17 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD6 BC14 BD515 BC12 BD8 BC7 BD1 BC29 BD5 BC4 BD3 BC41 BD4 BC21 BD8 BC10 BD3 BC52
      BD1 BC5 BD4 BC70 BD9 BC6 BD3 BC19`,
    below: `
      BC24 BD8 BC59 BD10 BC46 BD1 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD42 BC84 BD3 BC14 BD1 BC24 BD4
      BC9 BD15 BC14 BD46 CONV3 BD1 CONV82 BC341`,
  },
];
