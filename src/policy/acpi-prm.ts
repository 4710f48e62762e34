import { definePolicy, type Policy } from "./policy.js";

/**
 * The firmware leaves memory that it does not accept out of its map and describes it as ACPI memory
 * devices; the kernel adds them in acpi_init() on one CPU, and a method of the firmware (PRM) accepts each
 * block as it goes online. Proposed in the thread of "[PATCH v7 6/6] x86/efi: Safely enable unaccepted
 * memory in UEFI" (linux-efi, April 2023) so that kernels need not know; never built.
 */
export const acpiPrm: Policy = definePolicy({
  name: "acpi-prm",
  summary: "ACPI describes the rest, and the firmware accepts each block as it goes online",
  since: "linux-efi, April 2023 (an alternative to type 15); never built",
  parameters: {
    block: {
      is: "size",
      min: "128MiB",
      max: "2GiB",
      powerOfTwo: true,
      default: "128MiB",
      what: "memory of ACPI devices that goes online at once, a power of two",
    },
  },
  behaviour: ({ blockBytes }, { asAcpiMemory }) => asAcpiMemory(blockBytes),
});
