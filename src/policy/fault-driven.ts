import { definePolicy, type Policy } from "./policy.js";

/**
 * The kernel hands out unaccepted memory as if it were accepted, and the exception of the first
 * touch (#VE, #VC) accepts the batch around it: Brijesh Singh's answer to "AMD SEV-SNP/Intel TDX:
 * validation of memory pages" (linux-mm, February 2021: "validate more than one page" per fault).
 * Linux took another way, since a fault may come where no handler can run; a TDX guest of today asks
 * the module never to raise it (SEPT_VE_DISABLE), which this policy does not.
 */
export const faultDriven: Policy = definePolicy({
  name: "fault-driven",
  summary: "the exception of the first touch accepts the batch around it",
  since: "linux-mm, February 2021 (Brijesh Singh); never merged",
  parameters: {
    batch: {
      is: "size",
      min: "4KiB",
      max: "1GiB",
      powerOfTwo: true,
      default: "2MiB",
      what: "accepted at once around a fault, a power of two",
    },
    adaptive: {
      is: "flag",
      default: false,
      what: "whether a fault just behind the last batch doubles the batch",
    },
    batchMax: {
      is: "size",
      min: "4KiB",
      max: "1GiB",
      powerOfTwo: true,
      default: "64MiB",
      needs: [
        {
          what: "strategy.adaptive",
          reads: ["strategy.adaptive"],
          met: ({ strategy }: { readonly strategy: { readonly adaptive?: boolean } }) =>
            strategy.adaptive === true,
        },
      ],
      what: "largest batch of adaptive doubling, a power of two",
    },
  },
  behaviour: ({ batchBytes, adaptive, batchMaxBytes }, { onFirstTouch }) =>
    onFirstTouch(batchBytes, adaptive ? batchMaxBytes : batchBytes),
});
