import { ACCEPT_AND_CLEAR } from "./asterinas.js";
import { BOOT_RATIO } from "./boot-ratio.js";
import type { Target } from "./claim.js";
import { ACCEPTED_BEFORE_DRAIN, DRAIN_SPEED_UP } from "./drain-lines.js";
import { DRAIN_TIMES } from "./drain-times.js";
import { FIRMWARE_BOUNDS, LAZY_BOUNDS } from "./kata.js";
import { MANY_CPUS } from "./many-cpus.js";
import { METADATA } from "./metadata.js";
import { SNP_AGAINST_PLAIN, SNP_BLOCK_EXITS } from "./snp.js";
import { STRUCT_PAGES } from "./struct-pages.js";

/** Every published number that the simulator is held against. */
export const TARGETS: readonly Target[] = [
  DRAIN_TIMES,
  BOOT_RATIO,
  ACCEPT_AND_CLEAR,
  MANY_CPUS,
  FIRMWARE_BOUNDS,
  LAZY_BOUNDS,
  DRAIN_SPEED_UP,
  SNP_BLOCK_EXITS,
  SNP_AGAINST_PLAIN,
  METADATA,
  STRUCT_PAGES,
  ACCEPTED_BEFORE_DRAIN,
];
