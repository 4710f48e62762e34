/**
 * Memory maps that edk2 2026.08's build for TDX, without flash, leaves: what boot and runtime services hold at hand-over.
 * Each is from the log of one boot (recorded 2026-11, QEMU 7.2 q35, Linux 7.3.4 started by the VMM, `efi=debug`),
 * without what the machine, the kernel, the initrd and the stub bring along; `edk2-map.ts` puts these back.
 */

import type { RecordedMap } from "./recorded-map.js";

export const INTELTDX_2026_08: readonly RecordedMap[] = [
  {
    recording: "ovmf-inteltdxnosb-4G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52185832, entries: 26 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1776 BD59/0
      BD1537 BD468/0`,
    above: `
      RC238 RD435 BC15 RD9 BC4 RD1 ACPI2 CONV1 BC325`,
    below: `
      BC200`,
  },
  {
    recording: "ovmf-inteltdxnosb-4G-k7.3-rd0-coco",
    s3: false,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52203496, entries: 26 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1775 BD4/0 BD1
      BD55/0 BD1537 BD468/0`,
    above: `
      RC238 RD435 BC15 RD9 BC4 RD1 ACPI2 CONV1 BC325`,
    below: `
      BC200`,
  },
  {
    recording: "ovmf-inteltdxnosb-2G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: false,
    lowMiB: 2048,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52203496, entries: 26 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1775 BD4/0 BD1
      BD55/0 BD1537 BD468/0`,
    above: `
      RC238 RD435 BC15 RD9 BC4 RD1 ACPI2 CONV1 BC325`,
    below: `
      BC200`,
  },
  {
    recording: "ovmf-inteltdxnosb-1G-k7.3-rd1-coco",
    s3: false,
    initrd: true,
    high: false,
    lowMiB: 1024,
    vcpus: 1,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52186856, entries: 26 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1776 BD59/0
      BD1537 BD468/0`,
    above: `
      RC238 RD435 BC15 RD9 BC4 RD1 ACPI2 CONV1 BC325`,
    below: `
      BC200`,
  },
  {
    recording: "ovmf-inteltdxnosb-4G-k7.3-rd1-coco-smp8",
    s3: false,
    initrd: true,
    high: true,
    lowMiB: 2048,
    vcpus: 8,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52415464, entries: 25 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1832 BD3/0
      BD1537 BD468/0`,
    above: `
      RSV4 RC238 RD438 BC15 RD14 ACPI2 CONV1 BC329`,
    below: `
      BC200`,
  },
  {
    recording: "inteltdxnosb-4G-k7.3-coco-smp2-memblock",
    s3: false,
    initrd: false,
    high: true,
    lowMiB: 2048,
    vcpus: 2,
    physicalBits: 40,
    heapPages: 0,
    attributesTable: { top: 52219624, entries: 26 },
    bins: `
      RD132 BD9254 BC38 BD1057 NVS4 ACPI8 RSV4 RD36 RC48 BC341 BC2/0 BC3 BC1/0 BC36 BC1/0 BD1784 BD51/0
      BD1537 BD468/0`,
    above: `
      RSV4 RC238 RD435 BC15 RD9 BC4 RD2 ACPI2 BC325`,
    below: `
      BC200`,
  },
];
