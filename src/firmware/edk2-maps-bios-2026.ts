/**
 * Memory maps that edk2 2026.08 without flash, as guests of TDX and SNP start it, leaves: what boot and runtime services hold at hand-over.
 * Each is from the log of one boot (recorded 2026-11, QEMU 7.2 q35, Linux 7.3.4 started by the VMM, `efi=debug`),
 * without what the machine, the kernel, the initrd and the stub bring along; `edk2-map.ts` puts these back.
 */

import type { RecordedMap } from "./recorded-map.js";

export const BIOS_2026_08: readonly RecordedMap[] = [
  {
    recording: "ovmf-biosgen-4G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2026 BC11 BD9 BC1 BD2 BC12 BD1 BC21 BD1050 BC37 BD8 BC45 RD193 BC9 BD3 BC53
      BD16 BC11 BD5 BC4 BD5 BC31 BD5 BC10 BD10 BC5 BD514 BC24 BD1 BC33 BD10 BC65 BD1 BC6 BD2 BC19`,
    below: `
      BC24 BD8 BC42 BD1 BC4 BD2 BC75 BD19 BC36 BD11 BC29 BD7 BC25 BD18 BC17 BD32 BC78 BD2 BC27 BD5 BC4 BD10
      BC22 BD15 BC14 BD43 CONV90 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-4G-k7.3-rd0-coco",
    s3: false,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2026 BC11 BD9 BC1 BD2 BC12 BD1 BC21 BD1050 BC37 BD8 BC45 RD193 BC9 BD3 BC53
      BD16 BC11 BD5 BC4 BD5 BC31 BD5 BC10 BD10 BC5 BD514 BC24 BD1 BC33 BD10 BC65 BD1 BC6 BD8 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD2 BC28 BD10 BC18 BD11 BC29 BD7 BC25 BD18 BC17 BD40 BC84 BD3 BC21 BD5 BC4 BD10
      BC22 BD15 BC14 BD42 CONV82 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-2G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: false,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2032 BC6 BD1 BC9 BD1 BC12 BD3 BC1 BD4 BC14 BD1042 BC3 BD5 BC37 BD8 BC45 RD193
      BC9 BD3 BC53 BD16 BC11 BD5 BC4 BD5 BC31 BD8 BC7 BD4 BC13 BD512 BC10 BD6 BC48 BD4 BC59 BD7 BC6 BD2 BC19`,
    below: `
      BC24 BD8 BC59 BD10 BC46 BD1 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD42 BC78 BD2 BC27 BD5 BC4 BD10
      BC22 BD15 BC14 BD43 CONV80 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-2G-k7.3-rd0-coco",
    s3: false,
    initrd: false,
    high: false,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2032 BC6 BD1 BC9 BD1 BC12 BD3 BC1 BD4 BC14 BD1042 BC3 BD5 BC37 BD8 BC45 RD193
      BC9 BD3 BC53 BD16 BC11 BD5 BC4 BD5 BC31 BD8 BC7 BD4 BC13 BD512 BC10 BD6 BC48 BD4 BC59 BD7 BC6 BD8 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD2 BC28 BD10 BC18 BD11 BC29 BD7 BC25 BD18 BC17 BD40 BC84 BD3 BC21 BD5 BC4 BD10
      BC22 BD15 BC14 BD42 CONV82 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-1G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: false,
    lowMiB: 1024,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2026 BC11 BD9 BC1 BD2 BC12 BD1 BC21 BD1050 BC37 BD8 BC45 RD193 BC9 BD3 BC53
      BD16 BC11 BD5 BC4 BD5 BC31 BD5 BC10 BD6 BC9 BD514 BC53 BD1 BC10 BD4 BC55 BD10 BC6 BD3 BC19`,
    below: `
      BC24 BD8 BC59 BD10 BC46 BD1 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD42 BC84 BD3 BC14 BD1 BC24 BD4
      BC9 BD15 BC14 BD52 CONV80 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-4G-k7.3-rd1-coco-smp8",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 8,
    physicalBits: 40,
    heapPages: 16420,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD74 BC1 BD11 BC54 BD2029 BC23 BD6 BC1 BD5 BC7 BD1 BC7 BD1024 BC11 BD5 BC39 BD74 BC15 BD6 BC28
      RD193 BD1 BC10 BD8 BC12 BD8 BC7 BD514 BC29 BD12 BC46 BD8 BC7 BD4 BC3 BD4 BC53 BD4 BC38 BD4 BC36 BD7
      BC6 BD8 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD1 BC29 BD1 BC27 BD12 BC9 BD6 BC25 BD11 BC10 BD18 BC17 BD37 BC80 BD2 BC12 BD7
      BC10 BD4 BC7 BD10 BC22 BD15 BC14 BD38 CONV84 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-4G-k7.3-rd1-coco-smp32",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 32,
    physicalBits: 40,
    heapPages: 16612,
    attributesTable: { below: 2334696, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD268 BC1 BD36 BC54 BD2028 BC23 BD7 BC1 BD5 BC7 BD1 BC7 BD1024 BC11 BD5 BC54 BD6 BC28 BD1 BC10
      BD8 BC12 BD8 BC7 BD1 BC29 BD11 BC8 BD781 RD193 BC38 BD8 BC7 BD4 BC3 BD4 BC38 BD1 BC14 BD4 BC33 BD3
      BC48 BD15 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD1 BC20 BD1 BC9 BD1 BC27 BD12 BC61 BD71 BC8 BD1 BC72 BD2 BC12 BD7 BC10 BD4 BC7
      BD10 BC22 BD15 BC14 BD38 CONV49 BC341 BD257`,
  },
  {
    recording: "ovmf-biosgen-4G-k7.3-rd1-coco-1tb",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 46,
    heapPages: 16490,
    attributesTable: { below: 2334696, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2026 BC11 BD10 BC1 BD1 BC12 BD4 BC3 BD1 BC14 BD1024 BC4 BD26 BC48 BD1 BC10
      BD3 BC24 RD193 BD6 BC14 BD3 BC12 BD8 BC7 BD1 BC29 BD6 BC4 BD2 BC21 BD4 BC21 BD5 BC10 BD5 BC4 BD519
      BC64 BD4 BC59 BD7 BC6 BD4 BC17`,
    below: `
      BC24 BD1 BC24 BD1 BC14 BD1 BC8 BD2 BC32 BD6 BC29 BD7 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD40
      BC80 BD2 BC12 BD7 BC10 BD4 BC7 BD10 BC22 BD15 BC14 BD38 CONV81 BC341 BD257`,
  },
  {
    recording: "biosgen-4G-k7.3-crashkernel",
    s3: true,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 16364,
    attributesTable: { below: 2326504, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD18 BC1 BD4 BC54 BD2034 BC23 BD3 BC1 BD4 BC14 BD1024 BC4 BD18 BC3 BD5 BC50 BD5 BC4 BD3 BC28 BD3
      BC6 RD193 BD6 BC18 BD512 BC12 BD8 BC7 BD1 BC25 BD9 BC4 BD3 BC62 BD8 BC7 BD4 BC3 BD4 BC53 BD4 BC38 BD4
      BC36 BD7 BC6 BD4 BC17`,
    below: `
      BC30 BD2 BC55 BD10 BC22 BD1 BC21 BD4 BC9 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD39 BC6 BD2 BC72 BD3
      BC37 BD10 BC16 BD15 BC14 BD46 CONV82 BC341 BD257`,
  },
  {
    recording: "biosgen-6G-k7.3-smp2",
    s3: true,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 2,
    physicalBits: 40,
    heapPages: 16372,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD26 BC1 BD5 BC54 BD2027 BC23 BD7 BC1 BD5 BC7 BD1 BC7 BD1024 BC4 BD26 BC32 BD5 BC21 BD5 BC4 BD3
      BC28 BD3 BC6 RD193 BD518 BC14 BD3 BC12 BD8 BC7 BD1 BC29 BD7 BC4 BD1 BC41 BD4 BC21 BD5 BC10 BD1 BC20
      BD4 BC24 BD2 BC13 BD4 BC29 BD3 BC41 BD9 BC6 BD2 BC19`,
    below: `
      BC24 BD8 BC59 BD10 BC46 BD1 BC6 BD11 BC28 BD1 BC47 BD7 BC25 BD18 BC17 BD42 BC78 BD2 BC27 BD5 BC4 BD10
      BC22 BD15 BC14 BD43 CONV80 BC341 BD257`,
  },
  {
    recording: "biosgen-4G-k6.12-smp4",
    s3: true,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 4,
    physicalBits: 40,
    heapPages: 16388,
    attributesTable: { below: 2330600, entries: 24 },
    bins: `
      RD132 BC8 NVS128 ACPI18/10 RSV128 RC256 RD256`,
    above: `
      BC20 BD42 BC1 BD7 BC54 BD2027 BC23 BD7 BC1 BD5 BC7 BD1 BC7 BD1024 BC11 BD5 BC39 BD45 BC50 BD7 BC4 BD4
      BC28 BD4 BC20 BD6 BC5 BD10 BC20 BD5 BC4 BD3 BC21 BD517 RD193 BC21 BD4 BC3 BD1 BC7 BD6 BC91 BD3 BC36
      BD8 BC6 BD8 BC13`,
    below: `
      BC53 BD1 BC44 BD3 BC44 BD2 BC28 BD10 BC18 BD11 BC29 BD7 BC25 BD18 BC17 BD40 BC84 BD3 BC21 BD5 BC4 BD10
      BC22 BD15 BC14 BD42 CONV82 BC341 BD257`,
  },
];
