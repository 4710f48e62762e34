import { type ParameterSet, parameter } from "./parameter.js";

const PLAIN_BOOT =
  'TUM CVM_eval tasks/plot_boottime.py (repository of "Confidential VMs Explained", SIGMETRICS\'25): ' +
  "phases of a plain virtual machine; range half to two and a half times, an assumption";

/** How long a plain virtual machine takes to boot; there is nothing to accept. */
export const PLAIN_PARAMETERS: ParameterSet = {
  launchNs: parameter(
    "the VMM, up to the guest's first instruction",
    "measured",
    140e6,
    70e6,
    350e6,
    PLAIN_BOOT,
  ),
  firmwareFixedNs: parameter(
    "the firmware without accepting",
    "measured",
    1_144e6,
    572e6,
    2_860e6,
    PLAIN_BOOT,
  ),
};
