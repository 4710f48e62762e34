import { chanceAt } from "../../src/sim/prng.js";
import { RecordingError } from "../../src/verify/recording-files.js";
import { recordingHolds } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { LabKind } from "../../src/workload/lab-log.js";
import { filesOf, type StoredRecording } from "./cut-recording.js";

/** Damage done to a recording. */
export interface Mutation {
  readonly what: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The meaning of evidence has changed for certain, so that it must show. */
  readonly mustShow: boolean;
}

const RECORD_BYTES = 24;
const PROC = /\.(zoneinfo|vmstat|buddyinfo|meminfo)$/;
/** Fields of a zone in /proc/zoneinfo, and of a snapshot, that are compared and do not move on their own. */
const FIXED_PROC =
  /^ +(?:boost|min|low|high|promo|spanned|present|managed|batch:|vm stats threshold:|start_pfn:|nr_unaccepted) +\d+$/;
const FIXED_SNAPSHOT =
  /^(?:start|spanned|present|managed|min|low|high|promo|boost|nr_unaccepted|count|high_min|high_max|batch)$/;

/** Numbers from a seed, one after the other. */
class Dice {
  readonly #seed: number;
  #rolled = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A whole number from 0 to below a limit. */
  below(limit: number): number {
    return Math.floor(chanceAt(this.#seed, this.#rolled++) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

type Mutate = (
  dice: Dice,
  recording: StoredRecording,
  name: string,
  bytes: Uint8Array,
) => Mutation | undefined;

function changed(
  recording: StoredRecording,
  name: string,
  bytes: Uint8Array | undefined,
  what: string,
  mustShow: boolean,
): Mutation {
  const files = new Map(recording.files);
  if (bytes === undefined) files.delete(name);
  else files.set(name, bytes);
  return { what: `${name}: ${what}`, files, mustShow };
}

const text = (bytes: Uint8Array): string => new TextDecoder("utf-8").decode(bytes);
const encoded = (content: string): Uint8Array => new TextEncoder().encode(content);

/** What comes behind it in a boot log tells nothing of memory. */
function endOfEvidence(name: string, bytes: Uint8Array): number {
  if (name !== "boot.dmesg") return bytes.length;
  return text(bytes).indexOf(" as init process");
}

const MUTATIONS: readonly Mutate[] = [
  (dice, recording, name, bytes) => {
    const flipped = new Uint8Array(bytes);
    const at = dice.below(bytes.length);
    flipped[at]! ^= 1 << dice.below(8);
    return changed(recording, name, flipped, `bit of byte ${at}`, false);
  },
  (dice, recording, name, bytes) => {
    const end = dice.below(bytes.length);
    return changed(
      recording,
      name,
      bytes.slice(0, end),
      `cut to ${end} bytes`,
      end < endOfEvidence(name, bytes),
    );
  },
  (dice, recording, name, bytes) => {
    const at = dice.below(bytes.length);
    const count = 1 + dice.below(64);
    const rest = new Uint8Array([...bytes.slice(0, at), ...bytes.slice(at + count)]);
    return changed(recording, name, rest, `without ${count} bytes from ${at}`, false);
  },
  (dice, recording, name, bytes) => {
    const at = dice.below(bytes.length);
    const zeroed = new Uint8Array(bytes).fill(0, at, at + 1 + dice.below(64));
    return changed(recording, name, zeroed, `NUL from byte ${at}`, !name.endsWith(".lablog"));
  },
  (dice, recording, name, bytes) => {
    const noise = bytes.map(() => dice.below(256));
    return changed(recording, name, noise, "random", true);
  },
  (_dice, recording, name) => changed(recording, name, new Uint8Array(0), "empty", true),
  // Without its trace the boot of an unmodified kernel is another recording, that holds.
  (_dice, recording, name) => changed(recording, name, undefined, "deleted", name !== "boot.trace"),
  (dice, recording, name, bytes) => {
    const other = dice.of([...recording.files.keys()]);
    const swapped = changed(
      recording,
      name,
      recording.files.get(other)!,
      `swapped with ${other}`,
      isOtherKind(name, other),
    );
    (swapped.files as Map<string, Uint8Array>).set(other, bytes);
    return swapped;
  },
  mutateLine,
  mutateLine,
  mutateNumber,
  mutateNumber,
  mutateNumber,
  mutateRecord,
  mutateRecord,
  mutateRecord,
];

function isOtherKind(name: string, other: string): boolean {
  return name.split(".").at(-1) !== other.split(".").at(-1);
}

function mutateLine(
  dice: Dice,
  recording: StoredRecording,
  name: string,
  bytes: Uint8Array,
): Mutation | undefined {
  if (/lablog/.test(name)) return undefined;
  const lines = text(bytes).split("\n");
  const at = dice.below(lines.length - 1);
  // Which statistics a node has, no other file tells where there is but one.
  const isAlone = [...recording.files.keys()].filter((file) => file.endsWith(".zoneinfo")).length === 1;
  const isOfNode = isAlone && lines.lastIndexOf("  per-node stats", at) > lines.lastIndexOf("  pagesets", at);
  const isEvidence = (PROC.test(name) && !isOfNode) || /snap[AB]$/.test(name);
  switch (dice.below(3)) {
    case 0:
      lines.splice(at, 1);
      return changed(recording, name, encoded(lines.join("\n")), `without line ${at + 1}`, isEvidence);
    case 1:
      lines.splice(at, 0, lines[at]!);
      return changed(recording, name, encoded(lines.join("\n")), `line ${at + 1} twice`, isEvidence);
    default: {
      const other = dice.below(lines.length - 1);
      [lines[at], lines[other]] = [lines[other]!, lines[at]!];
      return changed(
        recording,
        name,
        encoded(lines.join("\n")),
        `lines ${at + 1} and ${other + 1} swapped`,
        false,
      );
    }
  }
}

/** Another number in the place of one. */
function mutateNumber(
  dice: Dice,
  recording: StoredRecording,
  name: string,
  bytes: Uint8Array,
): Mutation | undefined {
  if (/lablog/.test(name)) return undefined;
  const content = text(bytes);
  const numbers = [...content.matchAll(/(?<![0-9a-fx])\d+\b/g)];
  const { 0: was, index } = dice.of(numbers);
  const now = `${dice.of([0, 1, Number(was) + 1, Number(was) * 2 + 1, dice.below(100), dice.below(2 ** 31), 2 ** 40, 2 ** 60])}`;
  const start = content.lastIndexOf("\n", index) + 1;
  const line = content.slice(start, content.indexOf("\n", index));
  const field = /(\w+)=$/.exec(content.slice(start, index))?.[1] ?? "";
  const isFixed = name.endsWith("snapB")
    ? FIXED_SNAPSHOT.test(field) && !/present=0/.test(line)
    : (name.endsWith("zoneinfo") && FIXED_PROC.test(line) && isOfPopulated(content, start, line)) ||
      (name.endsWith("meminfo") && line.startsWith("MemTotal"));
  const mutated = content.slice(0, index) + now + content.slice(index + was.length);
  return changed(
    recording,
    name,
    encoded(mutated),
    `${was} is ${now} in ${line.trim().slice(0, 40)}`,
    isFixed && now !== was,
  );
}

/** A line of a zone with memory, and no limit of a per-CPU list, which moves. */
function isOfPopulated(content: string, start: number, line: string): boolean {
  const zone = content.slice(content.lastIndexOf("Node ", start)).split("\nNode ", 1)[0]!;
  return /present +[1-9]/.test(zone) && !/^ {14}high:/.test(line);
}

function mutateRecord(
  dice: Dice,
  recording: StoredRecording,
  name: string,
  bytes: Uint8Array,
): Mutation | undefined {
  if (!name.endsWith(".lablog")) return undefined;
  const at = dice.below(bytes.length / RECORD_BYTES) * RECORD_BYTES;
  const record = bytes.slice(at, at + RECORD_BYTES);
  const what = `record ${at / RECORD_BYTES}`;
  const rest = bytes.slice(at + RECORD_BYTES);
  const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
  switch (dice.below(4)) {
    case 0:
      return changed(recording, name, joined(bytes.slice(0, at), rest), `${what} missing`, true);
    case 1:
      return changed(
        recording,
        name,
        joined(bytes.slice(0, at), record, record, rest),
        `${what} twice`,
        true,
      );
    case 2: {
      const other = dice.below(bytes.length / RECORD_BYTES) * RECORD_BYTES;
      const swapped = new Uint8Array(bytes);
      swapped.copyWithin(at, other, other + RECORD_BYTES);
      swapped.set(record, other);
      return changed(recording, name, swapped, `${what} and ${other / RECORD_BYTES} swapped`, false);
    }
    default: {
      const field = dice.of([0, 1, 2, 3, 4, 8, 9, 10, 16, 20]);
      const mutated = new Uint8Array(bytes);
      mutated[at + field] = dice.below(256);
      const isFrame = field >= 8 && field < 11 && record[0] === LabKind.ALLOC;
      return changed(
        recording,
        name,
        mutated,
        `${what} byte ${field}`,
        isFrame && mutated[at + field] !== record[field],
      );
    }
  }
}

/** The damage that a seed stands for. */
export function mutationOf(recording: StoredRecording, seed: number): Mutation {
  const dice = new Dice(seed);
  for (;;) {
    const [name, bytes] = dice.of([...recording.files]);
    const mutation = dice.of(MUTATIONS)(dice, recording, name, bytes);
    if (mutation !== undefined) return mutation;
  }
}

/** @returns what is wrong with how `verify` takes a damaged recording; undefined if nothing is */
export function faultOf({ files, mustShow }: Mutation, name: string): string | undefined {
  try {
    if (recordingHolds(verifyRecording(filesOf({ name, files }))) && mustShow) return "passes in silence";
    return undefined;
  } catch (error) {
    if (!(error instanceof RecordingError))
      return `crash: ${error instanceof Error ? error.stack : String(error)}`;
    if (error.message.includes("\n")) return `more than one line: ${error.message}`;
    const { cause } = error;
    if (cause instanceof TypeError || cause instanceof RangeError)
      return `internal: ${error.message} ${cause.stack}`;
    return undefined;
  }
}
