/** Prints `results/seeds.md`; exits 1 if a statement does not come out as it should. */

import { seedsPage, showSeeds } from "./seeds-page.js";

const seeds = await showSeeds();
process.stdout.write(seedsPage(seeds));
if (seeds.some(({ statements }) => statements.some(({ holds }) => !holds))) process.exitCode = 1;
