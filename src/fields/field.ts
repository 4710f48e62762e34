/**
 * Declarations of the values of a scenario file: once, as data, in the room that uses them. The file's and
 * the run's types, the defaults, the runs that lists make and the reference follow from that.
 *
 *     export const KEXEC = {
 *       table: { is: "choice", of: ["handed-over", "lost"], default: "handed-over", what: "how the next ..." },
 *       initrd: { is: "size", max: "1GiB", byDefault: "that of the first one", what: "size of the ..." },
 *     } as const;
 *     export type KexecPlan = SettledOf<typeof KEXEC>; // { table: "handed-over" | "lost"; initrdBytes?: number }
 *
 * Values of others' need a cast in such a literal (`of: RECORDS as readonly AcceptanceRecord[]`), since types
 * of exports are written down in this project.
 */

/** A quantity with its unit, such as `4GiB` or `900ns`; a bare number is bytes. */
export type Quantity = string | number;

/** One value, or a list that makes a cross product with every other list of the file. */
export type OneOrMore<T> = T | readonly T[];

/** A fault of a value, worded for an error: `expected ...`; a hint follows the value found. */
export interface Problem {
  readonly message: string;
  readonly hint?: string | undefined;
  /** From the value that was looked at to the one at fault. */
  readonly path?: readonly (string | number)[];
}

/** What a run must be like for a value to change anything. */
export interface Need {
  /** As the end of a sentence: `it needs a host.pageSize above 4KiB`. */
  readonly what: string;
  /** Paths of the other keys that decide it. */
  readonly reads: readonly string[];
  readonly met: Met;
}

/** A test of a run, whose type is that of the room that declares it. */
export type Met = (run: never) => boolean;

interface Declared {
  /** One line for lists, help and the reference; begins with a small letter. */
  readonly what: string;
  /** Further sentences, where there is room for them. */
  readonly more?: string;
  /** Platforms that it matters on, if not on all. */
  readonly on?: readonly string[];
  /** Without each of these a value does nothing; on top of `on`. */
  readonly needs?: readonly Need[];
}

/** Common to all single values. At most one of the defaults, `required` and `needed`. */
interface LeafDeclared extends Declared {
  /** As a file would say it. */
  readonly default?: Quantity | boolean;
  /** Other defaults, by the value of another key of the same mapping. */
  readonly defaultFor?: Readonly<Record<string, Readonly<Record<string, Quantity>>>>;
  /** The default in words: a run has no value then. */
  readonly byDefault?: string;
  /** Every file says it. */
  readonly required?: true;
  /** Every run has it, and not every file has to say it; in words, who does. */
  readonly needed?: string;
  /** Whether a list makes a run of each value, and how near these are to each other; slow where nothing is said. */
  readonly varies?: "never" | Pace;
  /** The name in a run, where that is not the key; sizes get `Bytes` appended. */
  readonly as?: string;
  /** For the file only: it stands for other keys, and no run has it. */
  readonly fileOnly?: true;
}

/** How fast lists vary, the last one fastest; of equals, the one declared first is the slower one. */
export const PACES = ["slow", "fast", "faster", "fastest"] as const;
export type Pace = (typeof PACES)[number];

export interface Flag extends LeafDeclared {
  readonly is: "flag";
}

export interface Choice extends LeafDeclared {
  readonly is: "choice";
  readonly of: readonly string[];
  /** The error for a value that deserves a message of its own. */
  readonly refuses?: (value: string) => string | undefined;
}

/** A whole number, both ends included, or a word. */
export interface Count extends LeafDeclared {
  readonly is: "count";
  readonly min: number;
  readonly max: number;
  readonly or?: string;
}

/** A number, both ends included. */
export interface Fraction extends LeafDeclared {
  readonly is: "number";
  readonly expected: string;
  /** Exclusive. */
  readonly above?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Bytes: an amount of memory, or a physical address. Bounds as a file would write them. */
export interface Size extends LeafDeclared {
  readonly is: "size";
  /** For errors, where the bounds do not say it well. */
  readonly expected?: string;
  readonly min?: Quantity;
  readonly max?: Quantity;
  readonly multipleOf?: Quantity;
  readonly powerOfTwo?: true;
  /** In bytes, if only these will do. */
  readonly oneOf?: readonly number[];
  /** Whether it may be `all`, which is Infinity. */
  readonly orAll?: true;
  readonly examples?: readonly Quantity[];
}

/** A time with its unit; nanoseconds in a run. */
export interface Time extends LeafDeclared {
  readonly is: "time";
}

/** Text; one that every file says is not empty. */
export interface Text extends LeafDeclared {
  readonly is: "text";
  /** For errors and the reference, where not any text will do. */
  readonly expected?: string;
  readonly examples?: readonly string[];
  /** Whether YAML may take it for a number, such as `6.12`. */
  readonly orNumber?: true;
  readonly check?: (value: never) => Problem | undefined;
  /** Converts it for a run; undefined for values that `check` refuses. */
  readonly read?: (value: Quantity) => string | undefined;
}

export type Leaf = Flag | Choice | Count | Fraction | Size | Time | Text;

export interface Section extends Declared {
  readonly is: "section";
  readonly fields: Fields;
  /** Absent from runs of files that do not have it. */
  readonly optional?: true;
  /** The key that a value in place of the mapping stands for. */
  readonly short?: string;
  /** The meaning of its absence, in words. */
  readonly byDefault?: string;
  readonly check?: (value: never) => readonly Problem[];
}

/** A list of mappings; empty by default, unless it is required. */
export interface List extends Declared {
  readonly is: "list";
  readonly fields: Fields;
  /** Every file says it, with one entry at least. */
  readonly required?: true;
  readonly check?: (value: never) => readonly Problem[];
}

/** Parameters of what another key chooses. They count for those choices that have them. */
export interface Parameters extends Declared {
  readonly is: "parameters";
  /** Path of the choice. */
  readonly of: readonly string[];
  readonly fields: Readonly<Record<string, Leaf>>;
  /** Whether a file has them in the same mapping as the choice, and not in one of their own. */
  readonly inline?: true;
  readonly has: (choice: string, name: string) => boolean;
  readonly defaults: (choice: string) => Readonly<Record<string, Quantity | boolean>>;
}

export type Field = Leaf | Section | List | Parameters;

export interface Fields {
  readonly [key: string]: Field;
}

/** The value that a run has for a leaf. */
type ValueOf<F> = F extends { is: "flag" }
  ? boolean
  : F extends { is: "choice"; of: readonly (infer Name)[] }
    ? Name
    : F extends { is: "size"; oneOf: readonly (infer Bytes)[] }
      ? Bytes
      : F extends { is: "count"; or: infer Word }
        ? number | Word
        : F extends { is: "text" }
          ? string
          : number;

/** The value that a file has for it. */
type WrittenOf<F> = F extends { is: "size" | "time" } | { is: "text"; orNumber: true }
  ? Quantity
  : ValueOf<F>;

type InFile<F> = F extends { is: "section" | "parameters"; fields: infer Inner }
  ? FileOf<Inner>
  : F extends { is: "list"; fields: infer Inner }
    ? readonly FileOf<Inner>[]
    : F extends { varies: "never" }
      ? WrittenOf<F>
      : OneOrMore<WrittenOf<F>>;

type InRun<F> = F extends { is: "section" | "parameters"; fields: infer Inner }
  ? string extends keyof Inner
    ? { readonly [Name in keyof Inner]: ValueOf<Inner[Name]> }
    : SettledOf<Inner>
  : F extends { is: "list"; fields: infer Inner }
    ? readonly SettledOf<Inner>[]
    : ValueOf<F>;

type Flat<T> = { [Key in keyof T]: T[Key] };

/** The fields as a file has them: all optional but for those that are required. */
export type FileOf<All> = Flat<
  { readonly [Key in keyof All as All[Key] extends { required: true } ? Key : never]: InFile<All[Key]> } & {
    readonly [Key in keyof All as All[Key] extends { required: true } ? never : Key]?: InFile<All[Key]>;
  }
>;

type NameInRun<Key, F> = F extends { fileOnly: true }
  ? never
  : F extends { as: infer Name extends string }
    ? Name
    : F extends { is: "size" }
      ? `${Key & string}Bytes`
      : Key;

type IsAbsent<F> = F extends { optional: true }
  ? true
  : F extends
        | { default: unknown }
        | { required: true }
        | { needed: string }
        | { is: "section" | "list" | "parameters" }
    ? false
    : true;

/** The fields as a run has them: sizes in bytes under a name that says so, times in nanoseconds, one value each. */
export type SettledOf<All> = Flat<
  {
    readonly [Key in keyof All as IsAbsent<All[Key]> extends true ? never : NameInRun<Key, All[Key]>]: InRun<
      All[Key]
    >;
  } & {
    readonly [Key in keyof All as IsAbsent<All[Key]> extends true ? NameInRun<Key, All[Key]> : never]?: InRun<
      All[Key]
    >;
  }
>;
