// Takes 1 s.
/** A short run of test/campaign/fuzz-readers.ts. */

import { suite } from "uvu";
import { loadZstd } from "../../src/workload-files/zstd.js";
import { Choices } from "./mutate.js";
import { checkReaders, fuzzedInput } from "./reader-checks.js";
import { readerSeeds } from "./reader-seeds.js";

await loadZstd();
const test = suite("fuzz: damaged traces of every format");

const INPUTS = 300;
const SEED = 1;

test("are refused with one line, or read and written the same", () => {
  const seeds = readerSeeds();
  for (let input = 0; input < INPUTS; input++) {
    const choices = new Choices(SEED, input);
    const { name, bytes } = fuzzedInput(seeds, choices);
    try {
      checkReaders(bytes, choices);
    } catch (error) {
      throw new Error(`input ${input} of seed ${SEED}, made of ${name}`, { cause: error });
    }
  }
});

test.run();
