/** crosvm: its command line (src/crosvm/cmdline.rs: RunCommand, 2026) and the file that `--cfg` takes. */

import { type CrosvmGuest, stateCrosvm } from "../crosvm.js";
import { crosvmOfJson } from "../crosvm-json.js";
import { crosvmOfOptions } from "../crosvm-options.js";
import { Findings } from "../findings.js";
import { hasGuestCommand, lastGuestCommand, type Program } from "../guest-command.js";
import type { MachineReader, MachineReading } from "../statement.js";

const PROGRAM: Program = {
  name: "crosvm",
  file: /^crosvm$/,
  starts: ({ words }) => words.some(({ text }) => text === "run") && words.length > 1,
};

export const CROSVM: MachineReader = {
  kind: "crosvm",
  what: "a command line of crosvm (a script, ps, /proc/PID/cmdline)",
  recognises: (text) =>
    /(?:^|[\s\0/"'=])crosvm(?=["'\s\0\\]|$)/m.test(text) && hasGuestCommand(text, PROGRAM),
  read(text) {
    const { command } = lastGuestCommand(text, PROGRAM);
    return reading((findings) => crosvmOfOptions(command, findings));
  },
};

export const CROSVM_JSON: MachineReader = {
  kind: "crosvm-json",
  what: "a configuration of crosvm (--cfg, JSON)",
  recognises: (text) =>
    /^\uFEFF?\s*\{/.test(text) &&
    /"mem"\s*:/.test(text) &&
    /"(?:kernel|cpus|params|block|bios)"\s*:/.test(text),
  read: (text) => reading((findings) => crosvmOfJson(text, findings)),
};

function reading(read: (findings: Findings) => CrosvmGuest): MachineReading {
  const findings = new Findings();
  stateCrosvm(read(findings), findings);
  return findings.reading();
}
