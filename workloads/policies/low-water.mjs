/**
 * A policy of one's own, as an example: lazy, and a kernel thread that sleeps until free accepted memory falls
 * below a low mark and then accepts up to a high one, so that it wakes less often than one that keeps a single
 * mark. Nobody has proposed it for Linux.
 *
 *     unaccepted compare boot --policy lazy,./workloads/policies/low-water.mjs
 *     unaccepted run boot --policy ./workloads/policies/low-water.mjs --list-policies
 *
 * The file is code. It runs only when the command line names it, and imports no other file, so that the
 * SHA-256 in the results is of all that ran.
 *
 * @type {import("unaccepted").Policy}
 */
export default {
  name: "low-water",
  summary: "lazy, and a kernel thread that wakes at a low mark and accepts up to a high one",
  since: "an example; not in any kernel",
  // What a scenario sets under `strategy`. Each has a default and the bounds of its kind: a size min, max,
  // multipleOf, powerOfTwo and orAll; a count min and max; a flag and a time none.
  parameters: {
    low: { is: "size", min: "4MiB", default: "128MiB", what: "free accepted memory that wakes the thread" },
    high: { is: "size", min: "4MiB", default: "512MiB", what: "free accepted memory at which it sleeps again" },
  },
  // What becomes of memory in a run, from the values of the parameters (a size in bytes, with Bytes behind its
  // name; a time in nanoseconds) and from behaviours to join. src/policy/behaviour.ts says what each is.
  behaviour({ lowBytes, highBytes }, { onAllocation, byThreads, upToTarget }) {
    return {
      ...onAllocation(),
      ...byThreads({
        threads: 1,
        bytesPerSecond: Number.POSITIVE_INFINITY,
        idleOnly: false,
        // Called once for a guest; what it returns is asked for each zone whenever the thread looks.
        wantedPages(allocator) {
          const [low, high] = [lowBytes, highBytes].map((bytes) => upToTarget(bytes)(allocator));
          const filling = new Set();
          return (zone) => {
            const free = zone.freePages - zone.unacceptedPages;
            if (free < low(zone)) filling.add(zone);
            if (free >= high(zone)) filling.delete(zone);
            return filling.has(zone) ? high(zone) : low(zone);
          };
        },
      }),
    };
  },
};
