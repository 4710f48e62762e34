import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { checkMachine, type MachineCheck } from "../../src/machine/check.js";
import { chooseMap } from "../../src/machine/choose-map.js";
import { type Evidence, evidenceOf } from "../../src/machine/evidence.js";
import { join as joinReadings } from "../../src/machine/join.js";
import { MACHINE_READERS } from "../../src/machine/readers.js";
import { settle } from "../../src/machine/settle.js";
import { formatMachineScenario } from "../../src/report/machine-import.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import type { LoadedWorkload } from "../../src/workload/after-boot.js";

const RECORDED = join(import.meta.dirname, "../../workloads/recorded");

/** A recorded file, unpacked; undefined where there is none. */
export function recordedText(name: string): string | undefined {
  const path = join(RECORDED, `${name}.gz`);
  return existsSync(path) ? gunzipSync(readFileSync(path)).toString("utf8") : undefined;
}

/** The scenario file that `machine import` makes of one text. */
export function imported(text: string, exact = false): string {
  const reader = MACHINE_READERS.find((one) => one.recognises(text))!;
  const { joined } = joinReadings([{ file: "log", ...reader.read(text) }]);
  const chosen = chooseMap(joined, exact);
  const settled = settle(chosen.joined, { name: "guest", workload: "boot" });
  return formatMachineScenario(settled, chosen.remarks, "a test");
}

let boot: LoadedWorkload | undefined;

/** What `machine check` says of a scenario file, with the standard boot. */
export function checked(
  yaml: string,
  texts: Readonly<Record<string, string>>,
  change = (one: Scenario) => one,
): MachineCheck {
  boot ??= new WorkloadLoader().load(STANDARD_BOOT);
  const evidence: Record<string, unknown> = {};
  for (const [file, text] of Object.entries(texts)) {
    for (const [kind, content] of Object.entries(evidenceOf(text)!)) evidence[kind] = { file, content };
  }
  return checkMachine(change(parseScenario(yaml, "guest.yaml")[0]!), boot, evidence as unknown as Evidence);
}

/** A line for each row that is not equal to the log. */
export function differing({ rows }: MachineCheck): string[] {
  return rows
    .filter(({ verdict }) => verdict === "explained" || verdict === "unexplained")
    .map(
      ({ what, verdict, causes, left = 0 }) =>
        `${what}: ${verdict} ${causes.map((cause) => `${cause.amount} ${cause.what}`).join(", ")} left ${left}`,
    );
}
