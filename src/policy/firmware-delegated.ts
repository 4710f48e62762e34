import { definePolicy, type Policy } from "./policy.js";

/**
 * The kernel does not ask for unaccepted memory, so the firmware accepts all of it on one
 * CPU when the kernel calls ExitBootServices (edk2 OvmfPkg/AmdSevDxe, January 2023). TDVF
 * never had this; on TDX the policy is a what-if with the same rule.
 */
export const firmwareDelegated: Policy = definePolicy({
  name: "firmware-delegated",
  summary: "the firmware accepts everything at ExitBootServices, for a kernel that does not ask",
  since: "any kernel; OVMF of January 2023",
  parameters: {},
  behaviour: (_parameters, { atExitBootServices }) => atExitBootServices(),
});
