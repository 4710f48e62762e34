import type { Policy } from "./policy.js";

/**
 * The kernel hands out unaccepted memory as if it were accepted, and the exception of the first
 * touch (#VE, #VC) accepts the batch around it: Brijesh Singh's answer to "AMD SEV-SNP/Intel TDX:
 * validation of memory pages" (linux-mm, February 2021: "validate more than one page" per fault).
 * Linux took another way, since a fault may come where no handler can run; a TDX guest of today asks
 * the module never to raise it (SEPT_VE_DISABLE), which this policy does not.
 */
export const faultDriven: Policy = {
  name: "fault-driven",
  summary: "the exception of the first touch accepts the batch around it",
  since: "linux-mm, February 2021 (Brijesh Singh); never merged",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "fault",
  parameters: { batch: "2MiB", adaptive: false, batchMax: "64MiB" },
};
