/**
 * Firecracker's configuration (src/vmm/src/resources.rs: VmmConfig; src/firecracker/swagger/firecracker.yaml, releases 1.4
 * to 1.14), as `--config-file` takes it, `GET /vm/config` prints it and scripts send it to the API, piece by piece.
 */

import { Findings } from "../findings.js";
import { type FirecrackerParts, stateFirecracker } from "../firecracker.js";
import { parseJson } from "../json-text.js";
import { objectOf, type PlacedValue } from "../placed-value.js";
import { commandsOf } from "../shell-text.js";
import { MachineError, type MachineReader } from "../statement.js";

export const FIRECRACKER: MachineReader = {
  kind: "firecracker",
  what: "a configuration of Firecracker (JSON)",
  recognises: (text) => /^\uFEFF?\s*\{/.test(text) && /"(?:machine-config|boot-source)"\s*:/.test(text),
  read(text) {
    const findings = new Findings();
    stateFirecracker(objectOf(parseJson(text), "a configuration"), findings);
    return findings.reading();
  },
};

export const FIRECRACKER_API: MachineReader = {
  kind: "firecracker-api",
  what: "a script that sends a configuration to Firecracker's API with curl",
  recognises: (text) => /\bcurl\b/.test(text) && /\/machine-config\b|\/boot-source\b/.test(text),
  read(text) {
    const findings = new Findings();
    stateFirecracker(sentParts(text), findings);
    return findings.reading();
  },
};

/** What `curl -X PUT .../NAME -d JSON` sends, by name; of several the last counts. */
function sentParts(text: string): FirecrackerParts {
  const members = new Map<string, PlacedValue>();
  for (const { words } of commandsOf(text, (name) => name === "curl")) {
    const [, name] =
      words
        .map((word) => /^\S*\/\/[^/]*\/([a-z-]+)(?:\/|$)/.exec(word.text))
        .find((match) => match !== null) ?? [];
    const at = words.findIndex((word) => /^(?:-d|--data(?:-raw|-binary)?|--json)$/.test(word.text));
    const data = words[at + 1];
    if (name === undefined || at < 0 || data === undefined) continue;
    members.set(name, partOf(data.text, data));
  }
  return { line: 1, column: 1, members };
}

/** JSON within a word, whose lines are those of the text. */
function partOf(
  data: string,
  { line, column }: { readonly line: number; readonly column: number },
): PlacedValue {
  try {
    return parseJson(`${"\n".repeat(line - 1)}${" ".repeat(column)}${data}`);
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    throw new MachineError(error.line, error.column, "JSON that curl sends", error.found);
  }
}
