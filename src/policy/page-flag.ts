import type { Policy } from "./policy.js";

/**
 * Fault-driven, page by page: a flag in each struct page says whether it is accepted, so that there is
 * no table to hand on (David Rientjes in the same thread, linux-mm, February 2021). They are there from
 * the first struct page on and gone with the kernel that has them: what the decompressor accepted the
 * kernel accepts again, and after kexec nobody knows what is accepted ("Page flag is no good for this",
 * Kirill A. Shutemov in the same thread).
 */
export const pageFlag: Policy = {
  name: "page-flag",
  summary:
    "as fault-driven, but by a flag in struct page: what the decompressor accepted it accepts again, and kexec loses it",
  since: "linux-mm, February 2021 (David Rientjes); never merged",
  kernelTakesUnaccepted: true,
  firmwareAcceptsAll: false,
  kernel: "fault",
  flagsPages: true,
  parameters: { batch: "4KiB" },
};
