/** Bits of a double's fraction below which a 32-bit word is a number from 0 to below 1. */
const TWO_TO_32 = 2 ** 32;

/**
 * A number from 0 to below 1 that depends on nothing but a seed and an index, so the order of calls does
 * not matter, nor repeating one (the finaliser of MurmurHash3, Austin Appleby, public domain, over both
 * in turn).
 *
 * @param seed 0 to 2^32 - 1
 * @param index 0 to 2^53 - 1
 */
export function chanceAt(seed: number, index: number): number {
  const high = Math.floor(index / TWO_TO_32);
  return mix(mix(mix(seed) ^ (index >>> 0)) ^ high) / TWO_TO_32;
}

function mix(word: number): number {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  // An offset, because this function leaves 0 where it is.
  return (h ^ (h >>> 16) ^ 0x9e3779b9) >>> 0;
}
