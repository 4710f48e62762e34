import { definePolicy, type Policy } from "./policy.js";

/**
 * The firmware accepts all memory before it starts anything, as it did before it knew unaccepted
 * memory: OVMF for SNP before April 2022 (edk2 OvmfPkg/PlatformPei/AmdSev.c validated all RAM), and
 * TDVF for a guest whose memory ends below its limit.
 */
export const eagerFirmware: Policy = definePolicy({
  name: "eager-firmware",
  summary: "the firmware accepts everything before it starts the kernel",
  since: "any kernel; OVMF before unaccepted memory (2022)",
  parameters: {},
  behaviour: (_parameters, { byFirmware }) => byFirmware(),
});
