import { definePolicy, type Policy } from "./policy.js";

/**
 * Fault-driven, page by page: a flag in each struct page says whether it is accepted, so that there is
 * no table to hand on (David Rientjes in the same thread, linux-mm, February 2021). They are there from
 * the first struct page on and gone with the kernel that has them: what the decompressor accepted the
 * kernel accepts again, and after kexec nobody knows what is accepted ("Page flag is no good for this",
 * Kirill A. Shutemov in the same thread).
 */
export const pageFlag: Policy = definePolicy({
  name: "page-flag",
  summary:
    "as fault-driven, but by a flag in struct page: what the decompressor accepted it accepts again, and kexec loses it",
  since: "linux-mm, February 2021 (David Rientjes); never merged",
  parameters: {
    batch: {
      is: "size",
      min: "4KiB",
      max: "1GiB",
      powerOfTwo: true,
      default: "4KiB",
      what: "accepted at once around a fault, a power of two",
    },
  },
  behaviour: ({ batchBytes }, { onFirstTouch }) => ({ ...onFirstTouch(batchBytes), flagsPages: true }),
});
