import { shuffleZone } from "../page-alloc/shuffle.js";
import { formatBytes, GiB } from "../units.js";
import type { Kernel } from "./kernel.js";

/** Most memory whose blocks are put into a random order: each then has frames of its own here. */
const SHUFFLED_BYTES_MAX: number = 64 * GiB;

/** At the end of page_alloc_init_late(), where the command line asks for it (shuffle_free_memory). */
export function shuffleFreeMemory({ allocator, early }: Kernel, memoryBytes: number, seed: number): void {
  if (!early.options.shuffle) return;
  if (memoryBytes > SHUFFLED_BYTES_MAX) {
    early.remarks.push(
      `ignored: page_alloc.shuffle in a guest of more than ${formatBytes(SHUFFLED_BYTES_MAX)}`,
    );
    return;
  }
  for (const zone of allocator.zones) shuffleZone(allocator.frames, zone, seed);
}
