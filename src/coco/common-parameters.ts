import { type ParameterSet, parameter } from "./parameter.js";

/** What the guest's kernel does at its own speed, whatever protects it. */
export const COMMON_PARAMETERS: ParameterSet = {
  initStructPageNs: parameter(
    "one struct page initialised",
    "derived",
    20,
    9,
    90,
    "Mel Gorman, lkml 1504.3/03018 (2015): 1 TiB on 4 nodes in 1.14 s each is 17 ns a page, 64 GiB is 48 ns; " +
      "Pavel Tatashin, lkml 1708.0/01930 (2017): 28 to 38 ns for the zeroing in it; " +
      "Daniel Jordan, ktask series (Linux 4.15): 89 ns by one thread",
  ),
  exceptionNs: parameter(
    "the exception of a first touch, entered and decoded (fault-driven, page-flag)",
    "assumed",
    1_500,
    500,
    10_000,
    "assumption: entry on its own stack, the reason from the module or the GHCB, decoding, return",
  ),
  userTouch4kNs: parameter(
    "a process touches a new page, without acceptance (drain)",
    "derived",
    3_500,
    1_000,
    5_000,
    "github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024-05-24): what is left of 11.3 to 16.3 us for a " +
      "page of 4 KiB that `tail /dev/zero` makes the guest accept",
  ),
  leafSplitNs: parameter(
    "a leaf of the direct map is split",
    "assumed",
    1_000,
    400,
    3_000,
    "assumption: half for the page, half for writing 512 entries",
  ),
  leafChangeNs: parameter(
    "an entry of the direct map is changed",
    "assumed",
    10,
    2,
    50,
    "assumption: a walk of the page tables, mostly cached, and a write",
  ),
  tlbFlushNs: parameter(
    "a flush of TLBs",
    "assumed",
    2_000,
    500,
    5_000,
    "assumption: sending the interrupts and waiting for answers",
  ),
  tlbFlushCpuNs: parameter(
    "a flush of TLBs, for each CPU",
    "assumed",
    100,
    20,
    1_000,
    "assumption: an answer more to wait for",
  ),
};
