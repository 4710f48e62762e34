import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB } from "../../src/units.js";
import type { Claim, Setup, Target } from "../../src/validate/claim.js";
import { guestsOf, targetHolds, validate } from "../../src/validate/validate.js";
import { resultWith } from "../results/rows.js";

const test = suite("study: validate");

const SMALL: Setup = { kernel: "6.11", platform: "tdx", memory: "8GiB", vcpus: 1 };
const LARGE: Setup = { kernel: "6.12", platform: "tdx", memory: "64GiB", vcpus: 4, drain: { workers: 2 } };

function claimWith(changes: Partial<Claim>): Claim {
  return {
    id: "VT1.a",
    what: "boot",
    conditions: "TDX",
    source: "a thread",
    published: 10,
    unit: "s",
    tolerance: { within: 0.2 },
    basis: "prediction",
    runs: [SMALL],
    simulate: (result) => result.bootTimeNs / 1e9,
    ...changes,
  };
}

function targetOf(...claims: Claim[]): Target {
  return { id: "VT1", title: "Boots", claims };
}

test("claims get the results of their runs, in their order, and each guest is simulated once", async () => {
  const simulated: string[] = [];
  const ratio = claimWith({
    published: 8,
    runs: [LARGE, SMALL],
    simulate: (large, small) => large.memoryBytes / small.memoryBytes,
  });
  const [target] = await validate([targetOf(claimWith({}), ratio)], ({ memoryBytes, vcpus, drain }) => {
    simulated.push(`${memoryBytes / GiB} GiB, ${vcpus}, ${drain?.workers ?? 0}`);
    return resultWith({ memoryBytes, bootTimeNs: 12e9 });
  });
  assert.equal(simulated, ["8 GiB, 1, 0", "64 GiB, 4, 2"]);
  assert.equal(
    target!.claims.map((claim) => [claim.simulated, claim.holds]),
    [
      [12, true],
      [8, true],
    ],
  );
  assert.ok(targetHolds(target!));
});

test("the conditions of a row name the kernels of its guests", async () => {
  const [target] = await validate(
    [targetOf(claimWith({ runs: [SMALL, LARGE, SMALL] }), claimWith({ runs: [], simulate: () => 10 }))],
    () => resultWith({}),
  );
  assert.equal(
    target!.claims.map(({ conditions }) => conditions),
    ["TDX; by the rules of Linux 6.11 and 6.12", "TDX"],
  );
});

test("a guest has the defaults of scenario files, but for its kernel", () => {
  const [guest] = guestsOf([targetOf(claimWith({ runs: [SMALL] }))]);
  assert.is(guest!.policy, "lazy");
  assert.is(guest!.kernel, "6.11");
  assert.is(guest!.firmware.preAcceptLimitBytes, 4 * GiB);
});

test("a number out of its tolerance fails its target", async () => {
  const [target] = await validate([targetOf(claimWith({}), claimWith({ published: 20 }))], () =>
    resultWith({ bootTimeNs: 12e9 }),
  );
  assert.equal(
    target!.claims.map(({ holds }) => holds),
    [true, false],
  );
  assert.not(targetHolds(target!));
});

test("a guest that does not come to its end has no number, and the note says why", async () => {
  const [target] = await validate([targetOf(claimWith({ note: "well" }))], () =>
    resultWith({ outcome: "oom", reason: "no page" }),
  );
  const [claim] = target!.claims;
  assert.equal([claim!.simulated, claim!.holds, claim!.note], [null, false, "oom: no page"]);
});

test.run();
