import { acpiPrm } from "./acpi-prm.js";
import { background } from "./background.js";
import { eager } from "./eager.js";
import { eagerFirmware } from "./eager-firmware.js";
import { faultDriven } from "./fault-driven.js";
import { firmwareDelegated } from "./firmware-delegated.js";
import { lazy } from "./lazy.js";
import { pageFlag } from "./page-flag.js";
import type { Policy } from "./policy.js";
import { watermarkAhead } from "./watermark-ahead.js";

/** A policy by the name that scenarios use. */
export type PolicyName =
  | "eager"
  | "lazy"
  | "firmware-delegated"
  | "eager-firmware"
  | "fault-driven"
  | "page-flag"
  | "background"
  | "watermark-ahead"
  | "acpi-prm";

/** Every policy. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  eager,
  lazy,
  "firmware-delegated": firmwareDelegated,
  "eager-firmware": eagerFirmware,
  "fault-driven": faultDriven,
  "page-flag": pageFlag,
  background,
  "watermark-ahead": watermarkAhead,
  "acpi-prm": acpiPrm,
};

/** All names, in the order in which lists show them. */
export const POLICY_NAMES: readonly PolicyName[] = Object.keys(POLICIES) as PolicyName[];
