/** Runs the test files that the driver names, one after another: the process behind `pool.ts`. */

import * as fc from "fast-check";
import { runFile } from "./driver.js";

fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });

async function run({ root, file }: { readonly root: string; readonly file: string }): Promise<void> {
  // A test that waits for nothing that can come must end this process, not be kept waiting by the driver.
  process.channel?.unref();
  const report = await runFile(root, file);
  process.channel?.ref();
  process.send?.(report);
}

process.on("message", (message) => void run(message as Parameters<typeof run>[0]));
