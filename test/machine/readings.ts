import type { MachineReader } from "../../src/machine/statement.js";

/** What a reader says, in the order of the file: `line key = value`, with how it follows in brackets. */
export function statementsOf(reader: MachineReader, text: string): string[] {
  return reader
    .read(text)
    .statements.toSorted((a, b) => a.line - b.line)
    .map(
      ({ line, key, value, derived }) =>
        `${line} ${key} = ${typeof value === "string" ? value : JSON.stringify(value)}${derived === undefined ? "" : ` (${derived})`}`,
    );
}

export function remarksOf(reader: MachineReader, text: string): string[] {
  return reader.read(text).remarks.map(({ line, text: remark }) => `${line} ${remark}`);
}
