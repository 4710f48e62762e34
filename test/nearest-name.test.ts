import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nearestName } from "../src/nearest-name.js";

const test = suite("nearest name");

test("a missing, an added, a changed letter and a swap of neighbours are one edit each", () => {
  for (const typo of ["polcy", "pollicy", "pokicy", "poilcy"]) {
    assert.is(nearestName(typo, ["platform", "policy"]), "policy");
  }
});

test("two edits are too many for five letters and few enough for six", () => {
  assert.is(nearestName("plicx", ["policy"]), undefined);
  assert.is(nearestName("poilcx", ["policy"]), "policy");
});

test("even a single letter may be off by one", () => {
  assert.is(nearestName("x", ["y"]), "y");
});

test("upper and lower case count as equal", () => {
  assert.is(nearestName("TDX", ["snp", "tdx"]), "tdx");
});

test("the nearer name wins, and the first of equally near ones", () => {
  assert.is(nearestName("tdcalNs", ["tdcallsNs", "tdcallNs"]), "tdcallNs");
  assert.is(nearestName("bat", ["cat", "rat"]), "cat");
});

test("nothing is suggested without names", () => {
  assert.is(nearestName("policy", []), undefined);
});

test("a name is nearest to itself", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), fc.nat(), (names, at) => {
      const name = names[at % names.length]!;
      assert.is(nearestName(name, names)?.toLowerCase(), name.toLowerCase());
    }),
    { numRuns: 100 },
  );
});

test.run();
