/** All benchmarks: `npm run bench`. Figures of one run compare with each other, not with those of another machine. */

import { run } from "mitata";
import { benchBoot } from "./boot.js";
import { benchWholeRuns } from "./compare.js";
import { benchImport } from "./import.js";
import { benchPageAlloc } from "./page-alloc.js";
import { benchReplay } from "./replay.js";
import { benchSweep } from "./sweep.js";
import { benchTune } from "./tune.js";

console.log("inner loops (mitata)");
benchPageAlloc();
await run();
await benchImport();
await benchReplay();
await benchWholeRuns();
await benchBoot();
await benchTune();
await benchSweep(10_000);
