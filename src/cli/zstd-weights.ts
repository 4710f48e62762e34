/**
 * Looks at the Huffman weights of a block before the unpacker does, which never comes to an end where
 * damage makes more of them than there can be.
 *
 * Source: RFC 8878, sections 3.1.1.3.1 (literals), 4.1 (FSE) and 4.2.1 (Huffman tree description).
 */

const COMPRESSED_LITERALS = 2;
const LITERALS_HEADER_BYTES = [3, 3, 4, 5];
const MAX_ACCURACY_LOG = 6;
const MAX_WEIGHTS = 255;

/** How a state of the finite state machine goes on. */
interface FseTable {
  readonly accuracyLog: number;
  readonly bits: readonly number[];
  readonly base: readonly number[];
}

/** @param block a compressed one without its header @returns whether the unpacker can be given it */
export function hasPossibleWeights(block: Uint8Array): boolean {
  const first = block[0] ?? 0;
  if (first % 4 !== COMPRESSED_LITERALS) return true;
  const tree = block.subarray(LITERALS_HEADER_BYTES[(first >> 2) % 4]!);
  const size = tree[0];
  if (size === undefined) return false;
  // From 128 on the weights are not packed, and the byte says how many they are.
  return size >= 128 || (size < tree.length && endsInTime(tree.subarray(1, 1 + size)));
}

/** Whether packed weights end before they are too many. */
function endsInTime(packed: Uint8Array): boolean {
  const probabilities = readProbabilities(packed);
  if (probabilities === undefined) return false;
  const last = packed.at(-1)!;
  if (last === 0) return false;
  const table = buildTable(probabilities.values, probabilities.accuracyLog);
  let at = packed.length * 8 - 8 + Math.floor(Math.log2(last));
  const states: [number, number] = [0, 0];
  const bits: [number, number] = [table.accuracyLog, table.accuracyLog];
  for (let weights = 0; weights < MAX_WEIGHTS; weights++) {
    const turn = weights % 2 === 0 ? 0 : 1;
    at -= bits[turn];
    if (at < probabilities.bytes * 8) return true;
    const state = states[turn] + readBits(packed, at, bits[turn]);
    bits[turn] = table.bits[state]!;
    states[turn] = table.base[state]!;
  }
  return false;
}

/** RFC 8878, 4.1.1. @returns undefined for what is no table; -1 in it is "less than one" */
function readProbabilities(
  packed: Uint8Array,
): { accuracyLog: number; values: number[]; bytes: number } | undefined {
  const accuracyLog = readBits(packed, 0, 4) + 5;
  if (accuracyLog > MAX_ACCURACY_LOG) return undefined;
  let at = 4;
  let remaining = 2 ** accuracyLog;
  const values: number[] = [];
  while (remaining > 0) {
    if (values.length > MAX_WEIGHTS || at > packed.length * 8) return undefined;
    const shortBits = Math.floor(Math.log2(remaining + 1));
    const half = 2 ** shortBits;
    const shortValues = 2 * half - 2 - remaining;
    const value = readBits(packed, at, shortBits + 1);
    const isShort = value % half < shortValues;
    at += isShort ? shortBits : shortBits + 1;
    const probability = (isShort ? value % half : value >= half ? value - shortValues : value) - 1;
    remaining -= Math.abs(probability);
    values.push(probability);
    for (let repeat = probability === 0 ? 3 : 0; repeat === 3; at += 2) {
      repeat = readBits(packed, at, 2);
      for (let zeros = repeat; zeros > 0; zeros--) values.push(0);
    }
  }
  return remaining === 0 ? { accuracyLog, values, bytes: Math.ceil(at / 8) } : undefined;
}

/** RFC 8878, 4.1.1: from normalized distribution to decoding tables. */
function buildTable(probabilities: readonly number[], accuracyLog: number): FseTable {
  const size = 2 ** accuracyLog;
  const symbols = Array.from({ length: size }, () => 0);
  let high = size;
  for (const [symbol, probability] of probabilities.entries()) if (probability < 0) symbols[--high] = symbol;
  const step = size / 2 + size / 8 + 3;
  let at = 0;
  for (const [symbol, probability] of probabilities.entries()) {
    for (let count = 0; count < probability; count++) {
      symbols[at] = symbol;
      do at = (at + step) % size;
      while (at >= high);
    }
  }
  const next = probabilities.map(Math.abs);
  const states = symbols.map((symbol) => next[symbol]!++);
  const bits = states.map((state) => accuracyLog - Math.floor(Math.log2(state)));
  return { accuracyLog, bits, base: states.map((state, index) => state * 2 ** bits[index]! - size) };
}

/** @param count at most 8 @returns bits from a place on, the lowest first; 0 behind the end */
function readBits(bytes: Uint8Array, at: number, count: number): number {
  const byte = Math.floor(at / 8);
  const word = (bytes[byte] ?? 0) + (bytes[byte + 1] ?? 0) * 256;
  return Math.floor(word / 2 ** (at % 8)) % 2 ** count;
}
