/** `unaccepted verify RECORDING...`: recordings of real kernels against the model. */

import { formatFidelity } from "../../report/fidelity.js";
import { formatVerifyTable } from "../../report/verify.js";
import { jsonDocument } from "../../results/formats.js";
import { inOrder } from "../../study/in-order.js";
import { recordingHolds } from "../../verify/result.js";
import type { RunCommand } from "../arguments.js";
import { TABLE_JSON_MD } from "../flags.js";
import { paintFor, print, throwIfInterrupted } from "../io.js";
import { jobsOf } from "../options.js";
import { threadsFor, withThreads } from "../pool/threads.js";
import { VERIFYING } from "../pool/verify-work.js";
import { UsageError } from "../usage-error.js";

/** @returns the exit code: 1 when something that must be the same is not */
export const run: RunCommand = async (argv, context) => {
  const { io } = context;
  const directories = [...new Set(argv.files)];
  if (directories.length === 0) throw new UsageError("expected the directory of a recording");
  const format = argv.format(TABLE_JSON_MD);
  const threads = threadsFor(context, jobsOf(argv), directories.length, 1);
  const recordings = await withThreads(VERIFYING, threads, context, (verify) =>
    inOrder(directories.map(verify)),
  );
  await throwIfInterrupted(io.interrupted);
  if (format === "json") print(io.stdout, jsonDocument({ recordings }));
  else if (format === "md") print(io.stdout, formatFidelity(recordings));
  else print(io.stdout, formatVerifyTable(recordings, paintFor(io)));
  return recordings.every(recordingHolds) ? 0 : 1;
};
