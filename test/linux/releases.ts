/** Rules of the page allocator in releases that tests name often. */
import { kernelRules } from "../../src/linux/kernel-rules.js";

/** The first release with unaccepted memory. */
export const { pageAlloc: LINUX_6_5 } = kernelRules("6.5");
/** The last one that accepted up to the high watermark. */
export const { pageAlloc: LINUX_6_11 } = kernelRules("6.11");
/** The first tag of 6.12. */
export const { pageAlloc: LINUX_6_12_0 } = kernelRules("6.12.0");
/** The stable series, as recorded. */
export const { pageAlloc: LINUX_6_12 } = kernelRules("6.12");
/** The newest that is recorded. */
export const { pageAlloc: LINUX_7_3 } = kernelRules("7.3");
