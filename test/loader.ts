import { WorkloadLoader } from "../src/cli/load-recording.js";

/** One loader for all test files of a process, which reads each recording once. */
export const LOADER: WorkloadLoader = new WorkloadLoader();
