// Takes 8 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import { compareWithMap, step } from "./page-map.js";

const test = suite("memblock: against a byte map");

test("100 000 random operations leave the same map and return the same addresses", () => {
  const operations = 100;
  fc.assert(fc.property(fc.array(step, { minLength: operations, maxLength: operations }), compareWithMap), {
    numRuns: 1000,
    seed: 1,
  });
});

test.run();
