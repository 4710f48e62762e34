/** SHA-256 where a browser has none: it gives Web Crypto to pages of https and of localhost alone (FIPS 180-4). */

const BLOCK_BYTES = 64;
/** Of the length in bits, which ends the last block. */
const LENGTH_BYTES = 8;

const PRIMES: readonly number[] = Array.from({ length: 312 }, (_value, number) => number).filter(
  (number) =>
    number > 1 &&
    !Array.from({ length: number - 2 }, (_value, at) => at + 2).some((one) => number % one === 0),
);

/** The first 32 bits of the fraction (section 4.2.2). */
function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32);
}

const CONSTANTS: Uint32Array = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START: Uint32Array = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** @returns in hex */
export function sha256(bytes: Uint8Array): string {
  const state = START.slice();
  const schedule = new Uint32Array(BLOCK_BYTES);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  digestBlocks(state, schedule, bytes.subarray(0, whole));
  digestBlocks(state, schedule, padded(bytes.subarray(whole), bytes.length));
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** The rest of a message in one block or two (section 5.1.1). */
function padded(rest: Uint8Array, sizeBytes: number): Uint8Array {
  const blocks = Math.ceil((rest.length + 1 + LENGTH_BYTES) / BLOCK_BYTES);
  const last = new Uint8Array(blocks * BLOCK_BYTES);
  last.set(rest);
  last[rest.length] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - LENGTH_BYTES, BigInt(sizeBytes) * 8n);
  return last;
}

/** Section 6.2.2. @param bytes whole blocks */
function digestBlocks(state: Uint32Array, schedule: Uint32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    for (let at = 0; at < 16; at++) schedule[at] = view.getUint32(block + at * 4);
    for (let at = 16; at < 64; at++) {
      const [early, late] = [schedule[at - 15]!, schedule[at - 2]!];
      const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      schedule[at] = schedule[at - 16]! + sigma0 + schedule[at - 7]! + sigma1;
    }
    digestBlock(state, schedule);
  }
}

function digestBlock(state: Uint32Array, schedule: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let at = 0; at < 64; at++) {
    const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = h + sum1 + choice + CONSTANTS[at]! + schedule[at]!;
    const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at]! += word;
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
