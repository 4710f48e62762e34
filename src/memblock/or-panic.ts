import { GuestEnded } from "../sim/guest-ended.js";

/**
 * What memblock gave for something without which the kernel cannot start (6.14 mm/memblock.c:
 * __memblock_alloc_or_panic; before that each caller panics by itself).
 *
 * @param address 0 for no room
 * @throws GuestEnded
 */
export function orPanic<Address extends number>(address: Address, what: string): Address {
  if (address === 0) throw new GuestEnded("oom", `the kernel panics without memory for ${what}`);
  return address;
}
