/** Fields of a range of the host's physical memory, and what of it is not free. */

export const START = {
  is: "size",
  as: "start",
  expected: "an address on a page boundary such as 2GiB",
  max: "4096TiB",
  multipleOf: "4KiB",
  examples: ["1MiB", "2GiB"],
  varies: "never",
  required: true,
  what: "first byte of the range",
} as const;

export const END = {
  is: "size",
  as: "end",
  expected: "an address on a page boundary such as 2GiB",
  max: "4096TiB",
  multipleOf: "4KiB",
  examples: ["1MiB", "2GiB"],
  varies: "never",
  required: true,
  what: "first byte after the range",
} as const;

export const USED = {
  is: "size",
  expected: "a size in whole pages such as 16GiB",
  max: "4096TiB",
  multipleOf: "4KiB",
  examples: ["16GiB"],
  default: 0,
  varies: "never",
  what: "how much of it others use: the host itself, other guests",
} as const;
