import type { Policy } from "./policy.js";

/**
 * Fault-driven, page by page: a flag in each struct page says whether it is accepted, so that there is
 * no table to hand on (David Rientjes in the same thread, linux-mm, February 2021). The flags are
 * gone with the kernel that has them: after kexec nobody knows what is accepted.
 */
export const pageFlag: Policy = {
  name: "page-flag",
  summary: "as fault-driven, but page by page, tracked by a flag in struct page that kexec loses",
  since: "linux-mm, February 2021 (David Rientjes); never merged",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "fault",
  parameters: { batch: "4KiB" },
};
