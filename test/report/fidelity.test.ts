import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatFidelity } from "../../src/report/fidelity.js";
import type { VerifiedRecording } from "../../src/verify/result.js";

const test = suite("report: fidelity");

function recording(name: string, kernel?: string): VerifiedRecording {
  return { name, ...(kernel === undefined ? {} : { kernel }), memblock: { compared: 2, equal: 2 }, runs: [] };
}

test("recordings are counted by series, and those of the newest kernel lead", () => {
  const text = formatFidelity([
    recording("vectors"),
    recording("old", "6.12.95+deb12-cloud-amd64"),
    recording("new", "7.3.4"),
    recording("young", "6.12.107"),
  ]);
  const first = (table: string): string[] =>
    text
      .slice(text.indexOf(table))
      .split("\n\n")[0]!
      .split("\n")
      .slice(2)
      .map((line) => line.split("|").slice(1, 3).join("|").trim());
  assert.equal(first("| kernel"), ["Linux 7.3 | 1 of 1", "Linux 6.12 | 2 of 2", "not named | 1 of 1"]);
  assert.equal(first("| recording | memblock"), ["new | 2", "old | 2", "young | 2", "vectors | 2"]);
});

test.run();
