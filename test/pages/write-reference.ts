/** Writes the reference of scenario files into `workloads/README.md`. */

import { writeFileSync } from "node:fs";
import { README, withSection } from "./readme-section.js";
import { reference } from "./reference.js";

writeFileSync(README, withSection(reference()));
