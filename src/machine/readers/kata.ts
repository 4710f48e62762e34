/** Kata Containers' configuration.toml. */

import { Findings } from "../findings.js";
import { stateKata } from "../kata.js";
import type { MachineReader } from "../statement.js";
import { parseToml } from "../toml-text.js";

export const KATA: MachineReader = {
  kind: "kata",
  what: "a configuration of Kata Containers (configuration.toml)",
  recognises: (text) => /^[ \t]*\[hypervisor\.[\w-]+\][ \t]*\r?(?:#.*)?$/m.test(text),
  read(text) {
    const findings = new Findings();
    stateKata(parseToml(text), findings);
    return findings.reading();
  },
};
