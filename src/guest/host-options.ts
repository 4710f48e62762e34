/** Fields of a scenario for the host below the guest. */

import { HOST_PAGE_SIZES, type HostPageSize } from "../coco/platform.js";
import type { Need, Problem, Quantity } from "../fields/field.js";
import { ASSIGNED_DEVICES, type AssignedDevice, DMA_ENTRY_LIMIT } from "../host/assigned-device.js";
import { EXPECTED_HOST_KERNEL, hostKernelOf } from "../host/host-kernel.js";
import { checkRmp, RMP } from "../host/rmp/plan.js";
import { checkTdxModule, TDX_MODULE } from "../host/tdx-module/plan.js";
import { CONFIDENTIAL, DEVICE_IN_CONTAINER, HOST_KERNEL_ACTS, LARGE_PAGES } from "./needs.js";

export const HOST = {
  /**
   * KVM maps private TDX memory with 4 KiB pages (TDX as merged in 6.16), and guest_memfd allocates order 0
   * (6.12 virt/kvm/guest_memfd.c: kvm_gmem_get_folio).
   */
  pageSize: {
    is: "size",
    expected: "4KiB, 2MiB or 1GiB",
    oneOf: HOST_PAGE_SIZES as readonly HostPageSize[],
    examples: ["4KiB", "2MiB", "1GiB"],
    default: "4KiB",
    what: "largest page with which the host backs private memory, or all of a plain guest's: 4KiB, 2MiB or 1GiB",
  },
  /** Assumption: leaves the page size alone in command. */
  contiguity: {
    is: "number",
    needs: [LARGE_PAGES] as readonly Need[],
    expected: "a probability from 0 to 1",
    min: 0,
    max: 1,
    default: 1,
    what: "probability from 0 to 1 that the host finds a page of pageSize; otherwise it takes 4 KiB",
  },
  /** QEMU prefaults on a page state change only since commit 4cdc489eb9 (2025). */
  prefault: {
    is: "flag",
    on: ["snp"],
    default: false,
    what: "whether the host backs memory when the guest asks for private pages, not at first touch; a tdx guest accepts without asking",
  },
  /** Most published numbers are of hosts before 7.0, or say no release. */
  kernel: {
    is: "text",
    orNumber: true,
    expected: EXPECTED_HOST_KERNEL as string,
    check: checkHostKernel as (value: Quantity) => Problem | undefined,
    read: hostKernelOf as (value: Quantity) => string | undefined,
    needs: [HOST_KERNEL_ACTS] as readonly Need[],
    examples: ["6.16", "7.0"],
    byDefault: "one before 7.0",
    what: "Linux release of the host: from 7.0 on it clears pages of 2 MiB in the order of addresses (hostClear2mSequentialNs), from 7.4 on it has dynamic PAMT",
  },
  /** Merged for 7.4 (Linux ad52ce8389d9, 2026-09), where it is on if the module can do it. */
  dynamicPamt: {
    is: "flag",
    on: ["tdx"],
    byDefault: "true for a host.kernel from 7.4 on, otherwise false",
    what: "whether the module's tracking of 4 KiB pages is allocated as they come into use",
  },
  /** Assumption: a guest that has the coprocessor to itself. */
  launchingGuests: {
    is: "count",
    on: ["snp"],
    min: 1,
    max: 4096,
    default: 1,
    what: "guests like this one that start at once, this one included; the host's one PSP encrypts and measures their pages in turns",
  },
  /** KVM as merged in 6.16 hands a request to the VMM in pieces, and the guest asks once (tdx_vmcall_map_gpa). */
  mapGpaLimit: {
    is: "size",
    on: ["tdx"],
    expected: "a size in whole pages such as 64MiB",
    min: "4KiB",
    max: "4096TiB",
    multipleOf: "4KiB",
    examples: ["64MiB"],
    byDefault: "all that the guest asks for",
    what: "how much of a request to make memory shared or private the VMM does before the guest has to ask again: 64MiB in QEMU of the TDX series up to 2024",
  },
  /** QEMU gives converted memory back (accel/kvm/kvm-all.c: kvm_convert_memory). */
  keepsConverted: {
    is: "flag",
    needs: [CONFIDENTIAL] as readonly Need[],
    default: false,
    what: "whether the host keeps the private copy of memory that the guest has made shared",
  },
  /** Assumption: a guest without is the simpler one. */
  tdxConnect: {
    is: "flag",
    on: ["tdx"],
    default: false,
    what: "whether TDX Connect is on for the guest, so that the host cannot take away a page that the guest has not released",
  },
  /** Assumption: a guest without is the simpler one. */
  assignedDevice: {
    is: "choice",
    of: ASSIGNED_DEVICES as readonly AssignedDevice[],
    default: "none",
    what: "whether the guest has a device of the host, and how the VMM maps memory for its DMA: by a container of vfio_iommu_type1 or by iommufd; a plain guest's memory is all pinned then, that of others as they share it",
  },
  dmaEntryLimit: {
    is: "count",
    needs: [DEVICE_IN_CONTAINER] as readonly Need[],
    min: 1,
    max: 4_294_967_295,
    default: DMA_ENTRY_LIMIT as 65_535,
    what: "mappings for DMA that a container takes (dma_entry_limit of vfio_iommu_type1)",
  },
  memory: {
    is: "size",
    needs: [CONFIDENTIAL] as readonly Need[],
    expected: "a size in whole pages such as 64GiB",
    max: "4096TiB",
    multipleOf: "4KiB",
    examples: ["64GiB"],
    byDefault: "as much as the guest takes",
    what: "what the host has for this guest, with the PAMT or RMP for it",
  },
  tdxModule: {
    is: "section",
    on: ["tdx"],
    optional: true,
    fields: TDX_MODULE as typeof TDX_MODULE,
    check: checkTdxModule as (value: never) => Problem[],
    what: "the whole host, to simulate the start of its TDX module as well",
  },
  rmp: {
    is: "section",
    on: ["snp"],
    optional: true,
    fields: RMP as typeof RMP,
    check: checkRmp as (value: never) => Problem[],
    what: "the whole host, to simulate how it sets up its reverse map table as well",
  },
} as const;

function checkHostKernel(value: Quantity): Problem | undefined {
  return hostKernelOf(value) === undefined ? { message: `expected ${EXPECTED_HOST_KERNEL}` } : undefined;
}
