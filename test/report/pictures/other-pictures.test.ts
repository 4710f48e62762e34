import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LargestGuest, ResultDocument } from "../../../src/report/pictures/documents.js";
import { fidelity } from "../../../src/report/pictures/fidelity.js";
import { largest } from "../../../src/report/pictures/largest.js";
import { published } from "../../../src/report/pictures/published.js";
import { regret } from "../../../src/report/pictures/regret.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { GiB, MiB } from "../../../src/units.js";
import type { ValidatedClaim } from "../../../src/validate/validate.js";
import { drawn, tunedWith, tuneResult, valuesOf } from "./results.js";

const test = suite("report: pictures of tunings, largest guests, verification and validation");

function bordersAt(gib: number | null): LargestGuest["default"] {
  return { prices: "default", largestBytes: gib === null ? null : gib * GiB, nextBytes: null };
}

const guest: LargestGuest = {
  platform: "tdx",
  prices: "default",
  policy: "eager",
  kernel: "7.3",
  vcpus: 32,
  workload: "idle",
  surely: bordersAt(93),
  default: bordersAt(113),
  may: bordersAt(118),
};

function largestResult(...rows: readonly LargestGuest[]): ResultDocument {
  return { file: "largest.json", kind: "largest", deadlineNs: 60e9, constraints: [], rows };
}

test("the largest guest: what is surely, at the defaults, and at most", () => {
  const lazy = {
    ...guest,
    policy: "lazy",
    surely: bordersAt(null),
    default: bordersAt(null),
    may: bordersAt(2),
  };
  const picture = drawn(largest, largestResult(guest, lazy));
  assert.equal(valuesOf(picture), [
    { panel: "", policy: "eager", size: 113, low: 93, high: 118, label: "113 GiB" },
    { panel: "", policy: "lazy", none: "none" },
  ]);
  assert.equal(picture.table.rows, [
    ["eager", "93 GiB", "113 GiB", "118 GiB", "-"],
    ["lazy", "-", "-", "2 GiB", "-"],
  ]);
  assert.match(picture.description, "All: tdx, 32 vCPUs, within 60 s, Linux 7.3, workload idle.");
});

test("largest guests without ranges: no bar is told of", () => {
  const { surely: _surely, may: _may, ...own } = guest;
  const { description } = drawn(largest, largestResult(own as LargestGuest));
  assert.match(description, "Dot: at the default prices; over what is assumed nothing was tried.");
  assert.not.match(description, "bar:");
  assert.match(drawn(largest, largestResult(guest)).description, "bar: from what surely boots in time");
});

test("guests that agree in all that is said are numbered", () => {
  const values = valuesOf(drawn(largest, largestResult(guest, guest)));
  assert.equal(
    values.map(({ policy }) => policy),
    ["eager", "eager (2)"],
  );
});

test("regret: a guest at the setting that is best for another one", () => {
  const other = tunedWith({
    platform: "snp",
    curves: [
      {
        knob: "firmware.preAcceptLimit",
        unit: "bytes",
        best: 1024 * MiB,
        points: [
          { value: 64 * MiB, loss: null },
          { value: 128 * MiB, loss: 0.5 },
          { value: 512 * MiB, loss: 0.1 },
          { value: 1024 * MiB, loss: 0 },
        ],
        flat: null,
      },
    ],
  });
  const picture = drawn(regret, tuneResult(tunedWith(), other));
  assert.equal(
    valuesOf(picture).map(({ guest: own, setting, text }) => [own, setting, text]),
    [
      ["tdx", "tdx\n256 MiB", "0 %"],
      // Between 512 MiB and 4 GiB: a third of the way in octaves, from 1.5 to 30 %.
      ["tdx", "snp\n1 GiB", "~11 %"],
      // Half the way from 128 to 512 MiB.
      ["snp", "tdx\n256 MiB", "~30 %"],
      ["snp", "snp\n1 GiB", "0 %"],
    ],
  );
  assert.match(picture.caveats[0]!, "~: between two values that were tried");
  const why = regret.draw([tuneResult(tunedWith())], COLOURS.light);
  assert.is(why, "it needs two guests at least whose knob has numbers for values, and that got ready");
});

const claim: ValidatedClaim = {
  id: "VT1.a",
  what: "boot",
  conditions: "",
  source: "",
  published: 10,
  simulated: 5,
  unit: "s",
  tolerance: "±20 %",
  holds: false,
  basis: "prediction",
};

test("published numbers: multiples of them, and what is allowed", () => {
  const claims: ValidatedClaim[] = [
    claim,
    { ...claim, id: "VT1.b", published: [2, 8], simulated: 4, tolerance: "1 to 8", holds: true },
    { ...claim, id: "VT1.c", simulated: 1000, tolerance: "above", holds: true },
    { ...claim, id: "VT1.d", simulated: null },
    { ...claim, id: "VT1.e", published: 0, simulated: 0, tolerance: "exact", holds: true },
  ];
  const picture = drawn(published, { file: "v.json", kind: "validate", claims });
  assert.equal(
    valuesOf(picture).map(({ name, ratio, from, to, verdict }) => [name, ratio, from, to, verdict]),
    [
      ["VT1.a boot", 0.5, 0.8, 1.2, "does not hold"],
      ["VT1.b boot", 1, 0.25, 2, "holds"],
      ["VT1.c boot", 8, 1, 8, "holds"],
    ],
  );
  assert.match(picture.description, "3 of 5 rows hold.");
  assert.match(picture.caveats[0]!, "2 rows of 5 cannot be a multiple");
  assert.match(picture.caveats[1]!, "1 row is more than 8 times off");
  assert.is(picture.table.rows.length, 5);
});

test("fidelity: a cell for all that was compared", () => {
  const none = { compared: 0, equal: 0 };
  const run = {
    name: "boot",
    start: "e820",
    events: 9,
    allocations: { compared: 100, pfnExact: 100 },
    accepts: { recorded: 7, exactInOrder: 6 },
    acceptRequests: none,
    acceptDecisions: none,
    refills: none,
    drains: none,
    retypings: none,
    finalLists: { compared: 3, equal: 3 },
    proc: { ...none, readElsewhen: 0 },
    outside: {} as never,
  } as const;
  const recordings = [
    { name: "lab", memblock: { compared: 5, equal: 5 }, runs: [run, { ...run, name: "tar" }] },
  ];
  const picture = drawn(fidelity, { file: "v.json", kind: "verify", recordings });
  assert.equal(
    valuesOf(picture).map(({ row, check, text, same }) => [row, check, text, same]),
    [
      ["lab", "memblock", "5", "all the same"],
      ["lab: boot", "allocations", "100", "all the same"],
      ["lab: boot", "accepts", "6/7", "some differ"],
      ["lab: boot", "lists", "3", "all the same"],
      ["lab: tar", "allocations", "100", "all the same"],
      ["lab: tar", "accepts", "6/7", "some differ"],
      ["lab: tar", "lists", "3", "all the same"],
    ],
  );
  assert.match(picture.description, "2 cells of 7 differ in 1 recording");
});

test.run();
