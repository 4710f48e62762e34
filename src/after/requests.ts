import { newReplay } from "../guest/boot.js";
import type { Feature } from "./feature.js";

export const bootRequests: Feature<"bootRequests", undefined, undefined> = {
  name: "bootRequests",
  begin: ({ replay, requests }) => ({ run: () => replay.runUntil(requests.count), result: undefined }),
};

/**
 * Requests of another recording, whose machine was up when it began: on the same guest, from the moment at
 * which all of its CPUs have nothing else to do.
 */
export const requestsAfterBoot: Feature<"requestsAfterBoot", undefined, undefined> = {
  name: "requestsAfterBoot",
  begin(up) {
    const { guest, workload } = up;
    const requests = workload.afterBoot?.requests;
    if (requests === undefined) return undefined;
    return {
      run() {
        const { clock } = guest;
        clock.joinAll();
        for (let cpu = 1; cpu < clock.cpus.count; cpu++) clock.wake(cpu);
        newReplay(up, requests, []).runUntil(requests.count);
      },
      result: undefined,
    };
  },
};
