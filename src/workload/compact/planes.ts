/**
 * Columns of numbers as bytes: first the lowest byte of every number, then the second of every number, and
 * so on, as many as the largest number needs. Few bytes as they are, and packers find what repeats.
 */

/** Bytes of a 32-bit number, 0 for 0; of several numbers, if all of their bits are in it. */
export function planesOf(bits: number): number {
  return (39 - Math.clz32(bits)) >> 3;
}

/** Writes the first `count` numbers. @returns where the bytes end */
export function putPlanes(
  bytes: Uint8Array,
  start: number,
  numbers: Int32Array,
  count: number,
  planes: number,
): number {
  let at = start;
  for (let shift = 0; shift < 8 * planes; shift += 8) {
    for (let i = 0; i < count; i++) bytes[at + i] = numbers[i]! >>> shift;
    at += count;
  }
  return at;
}

/** Reads `count` numbers of at most 4 bytes; those of 32 bits come with a sign. @returns where their bytes end */
export function takePlanes(
  bytes: Uint8Array,
  start: number,
  numbers: Int32Array,
  count: number,
  planes: number,
): number {
  const [second, third, fourth] = [start + count, start + 2 * count, start + 3 * count];
  // A loop for each number of planes: one that asks inside takes twice as long.
  if (planes === 0) numbers.fill(0, 0, count);
  else if (planes === 1) for (let i = 0; i < count; i++) numbers[i] = bytes[start + i]!;
  else if (planes === 2)
    for (let i = 0; i < count; i++) numbers[i] = bytes[start + i]! | (bytes[second + i]! << 8);
  else if (planes === 3)
    for (let i = 0; i < count; i++)
      numbers[i] = bytes[start + i]! | (bytes[second + i]! << 8) | (bytes[third + i]! << 16);
  else
    for (let i = 0; i < count; i++)
      numbers[i] =
        bytes[start + i]! |
        (bytes[second + i]! << 8) |
        (bytes[third + i]! << 16) |
        (bytes[fourth + i]! << 24);
  return start + planes * count;
}
