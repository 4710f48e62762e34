/** What a text says about a machine, in the words of a scenario file. */

/** One thing that a text says about a machine, as a scenario says it. */
export interface Statement {
  /** Path of a scenario key: `memory`, `vcpus`, `platform.kind`, `vmm.kind`, `memoryMap`, `guest.commandLine`, `kernel`. */
  readonly key: string;
  /** As a scenario file would have it: text, number, flag, list or mapping. */
  readonly value: unknown;
  /** 1-based line in its file. */
  readonly line: number;
  /** The words that say so, short and printable. */
  readonly says: string;
  /** How it follows, where it is not said literally, as "sum of the usable ranges, rounded up to MiB". */
  readonly derived?: string;
}

/** Seen, understood, and without effect or not expressible: said to the user. */
export interface Remark {
  /** 1-based line in its file. */
  readonly line: number;
  readonly text: string;
}

/** What a reader found in one text. */
export interface MachineReading {
  readonly statements: readonly Statement[];
  readonly remarks: readonly Remark[];
}

/** Reads one kind of text about a machine. */
export interface MachineReader {
  /** Short name, as `guest-dmesg` or `libvirt`. */
  readonly kind: string;
  /** For help: "a guest's boot log (dmesg)". */
  readonly what: string;
  /** Whether the text looks like one of this kind; the first reader of the list that says so reads it. */
  recognises(text: string): boolean;
  /** @throws MachineError where the text is damaged */
  read(text: string): MachineReading;
}

/** A text about a machine that is damaged, or of no kind that can be read. */
export class MachineError extends Error {
  override readonly name = "MachineError";
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  readonly expected: string;
  readonly found: string;

  constructor(line: number, column: number, expected: string, found: string) {
    super(`${line}:${column}: expected ${expected}, found ${found}`);
    this.line = line;
    this.column = column;
    this.expected = expected;
    this.found = found;
  }
}
