/** Every published number that the simulator is held against, in the order of its target. */

import { ACCEPT_AND_CLEAR, BOOT_BY_CPUS } from "./asterinas.js";
import type { Target } from "./claim.js";
import { EXIT_BY_CPUS, MANY_CPUS, PATCHED } from "./dstack.js";
import { BOOT_RATIO, EAGER_BY_CPUS } from "./intel.js";
import { FIRMWARE_BOUNDS, LAZY_BOUNDS } from "./kata.js";
import { ACCEPTED_BEFORE_DRAIN, DRAIN_SPEED_UP, DRAIN_TIMES } from "./lkvs.js";
import { CLOUD_LOGS, EARLY_LOGS, EXACT_LOGS } from "./logs.js";
import { DYNAMIC_PAMT, HOST_CLEARING, METADATA, ODD_SIZES, STRUCT_PAGES } from "./metadata.js";
import { VCPU_START } from "./plain.js";
import { MEASURED_LAUNCH, SMALL_FIRMWARE, SMALL_KERNEL, SMALL_KERNEL_ALONE } from "./severifast.js";
import { BOOT_PHASES, PARAVISOR_EAGER, SNP_AGAINST_PLAIN, SNP_BLOCK_EXITS, SPLITS } from "./snp.js";

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
  EAGER_BY_CPUS,
  PATCHED,
  BOOT_BY_CPUS,
  EXIT_BY_CPUS,
  BOOT_PHASES,
  PARAVISOR_EAGER,
  SPLITS,
  SMALL_FIRMWARE,
  MEASURED_LAUNCH,
  SMALL_KERNEL,
  SMALL_KERNEL_ALONE,
  DYNAMIC_PAMT,
  ODD_SIZES,
  EARLY_LOGS,
  EXACT_LOGS,
  CLOUD_LOGS,
  VCPU_START,
  HOST_CLEARING,
];
