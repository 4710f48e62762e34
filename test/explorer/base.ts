import { readFileSync } from "node:fs";
import type { BaseScenario } from "../../src/explorer/settings.js";

/** The scenario that the page begins with. */
export const BOOT: BaseScenario = {
  name: "boot",
  text: readFileSync("workloads/boot.yaml", "utf8"),
  isBundled: true,
};
