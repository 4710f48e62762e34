/**
 * Makes requests of the recordings that come with the package, so that a run need not parse them. Their own files stay
 * what is recorded; these are made anew with every build, by the program that is to read them.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const RECORDED = "workloads/recorded";

/** @param directory of the program that was built */
export async function prepareRecordings(directory) {
  if (!existsSync(RECORDED)) return;
  const load = (path) => import(pathToFileURL(resolve(directory, path)).href);
  const { WorkloadLoader } = await load("cli/load-recording.js");
  const { prepared } = await load("workload-files/prepared.js");
  mkdirSync(join(directory, "recordings"));
  for (const name of readdirSync(RECORDED)) {
    const path = `${RECORDED}/${name}/recording.yaml`;
    if (!existsSync(path)) continue;
    const digest = createHash("sha256").update(readFileSync(path, "utf8")).digest("hex");
    const bytes = prepared(new WorkloadLoader().recording(path), digest);
    writeFileSync(join(directory, "recordings", `${digest}.gz`), gzipSync(bytes));
  }
}
