import { suite } from "uvu";
import * as assert from "uvu/assert";
import { labSteps } from "../../src/verify/lab-steps.js";
import { Step } from "../../src/verify/steps.js";
import { LabKind, LabMark, readLabLog } from "../../src/workload/lab-log.js";
import { LINUX_6_12 } from "../linux/releases.js";

const test = suite("verify: stages of a boot log");

type Line = readonly [what: "sizes" | "marks" | "free", zone: number, cpu: number];

/** Where stages begin, in a log of marks for zones and of frees; 1 = sizes of lists, 2 = watermarks. */
function stages(...lines: Line[]): number[] {
  const bytes = new Uint8Array((lines.length + 1) * 24);
  // Stages in front of the first request are no steps.
  bytes[0] = LabKind.ALLOC;
  lines.forEach(([what, zone, cpu], index) => {
    const order = what === "sizes" ? LabMark.PCP_SIZES : LabMark.WATERMARKS;
    bytes.set(
      [what === "free" ? LabKind.FREE : LabKind.MARK, what === "free" ? 0 : order, zone, cpu],
      (index + 1) * 24,
    );
  });
  const { step } = labSteps(readLabLog(bytes), LINUX_6_12);
  return Array.from(step.subarray(1), (each) => [Step.PCP_SIZES, Step.WATERMARKS].indexOf(each as never) + 1);
}

test("the zones of one CPU that comes up", () => {
  assert.equal(stages(["sizes", 0, 0], ["sizes", 1, 0], ["sizes", 2, 0], ["free", 0, 0]), [1, 0, 0, 0]);
});

test("two CPUs that come up with nothing in between", () => {
  assert.equal(stages(["sizes", 0, 0], ["sizes", 1, 0], ["sizes", 0, 0], ["sizes", 1, 0]), [1, 0, 1, 0]);
});

test("two CPUs of which each changes other zones, with a line of the same CPU in between", () => {
  assert.equal(stages(["sizes", 0, 0], ["sizes", 1, 0], ["free", 0, 0], ["sizes", 18, 0]), [1, 0, 0, 1]);
});

test("another CPU's line between the zones", () => {
  assert.equal(stages(["sizes", 0, 0], ["free", 0, 1], ["sizes", 1, 0]), [1, 0, 0]);
});

test("watermarks of all zones, and sizes after them", () => {
  assert.equal(
    stages(
      ["sizes", 0, 0],
      ["marks", 0, 0],
      ["marks", 1, 0],
      ["marks", 2, 0],
      ["sizes", 0, 0],
      ["sizes", 1, 0],
    ),
    [1, 2, 0, 0, 0, 0],
  );
});

test("watermarks set twice, an interrupt among those of the first time", () => {
  assert.equal(
    stages(
      ["marks", 0, 0],
      ["free", 0, 0],
      ["marks", 1, 0],
      ["sizes", 0, 0],
      ["marks", 0, 0],
      ["marks", 1, 0],
    ),
    [2, 0, 0, 0, 2, 0],
  );
});

test.run();
