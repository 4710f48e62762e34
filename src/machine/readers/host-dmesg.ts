/** The boot log of a host: its memory, its TDX module, its RMP. */

import { Findings } from "../findings.js";
import { isHostLog, stateHost } from "../host-log.js";
import type { MachineReader } from "../statement.js";

export const HOST_DMESG: MachineReader = {
  kind: "host-dmesg",
  what: "the boot log (dmesg) of a host with TDX or SEV",
  recognises: isHostLog,
  read(text) {
    const findings = new Findings();
    stateHost(text, findings);
    return findings.reading();
  },
};
