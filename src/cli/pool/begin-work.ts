/** What a thread of the pool does. */

import { errorLine } from "../../scenario/error.js";
import { loadZstd } from "../../workload-files/zstd.js";
import { registerPolicyFile } from "../policy-files.js";
import { beginChunks } from "../sweep/chunk-work.js";
import { isUserError } from "../usage-error.js";
import { beginRuns, beginSizes } from "./run-work.js";
import { beginTrackers } from "./tracker-work.js";
import { beginVerifying } from "./verify-work.js";
import type { DataOf, Doing, Kind, Outcome, WorkerData } from "./work.js";

const BEGIN: { readonly [Name in Kind]: (data: DataOf<Name>) => Doing<Name> } = {
  run: beginRuns,
  size: beginSizes,
  trackers: beginTrackers,
  chunk: beginChunks,
  verify: beginVerifying,
};

/** @returns what answers tasks, and rejects for what is no mistake of the user's */
export function beginWork({
  kind,
  data,
  policyFiles,
}: WorkerData): (task: unknown) => Promise<Outcome<unknown>> {
  const doing = BEGIN[kind](data as never) as (task: unknown) => unknown;
  const ready = Promise.all([loadZstd(), ...policyFiles.map(registerPolicyFile)]);
  return async (task) => {
    await ready;
    try {
      return { answer: await doing(task) };
    } catch (error) {
      if (isUserError(error)) return { mistake: errorLine(error) };
      throw error;
    }
  };
}
