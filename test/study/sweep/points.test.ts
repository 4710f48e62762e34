import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assignmentsOf, pointCount, pointsToCheck } from "../../../src/study/sweep/points.js";
import { parseStudy, type Study } from "../../../src/study/sweep/study-file.js";
import { GiB, MiB } from "../../../src/units.js";

const test = suite("study: points of a sweep");

function study(text: string): Study {
  return parseStudy(`name: s\nscenario: boot.yaml\n${text}`, "study.yaml");
}

function valuesOf(one: Study, point: number): unknown[] {
  return assignmentsOf(one, point).map(({ path, value }) => [path.join("."), value]);
}

test("every combination of the axes, the last one fastest", () => {
  const one = study("axes: { policy: [eager, lazy], vcpus: [1, 2, 4] }");
  assert.is(pointCount(one), 6);
  const all = Array.from({ length: 6 }, (_value, point) => valuesOf(one, point));
  assert.equal(all[0], [
    ["policy", "eager"],
    ["vcpus", 1],
  ]);
  assert.equal(all[1], [
    ["policy", "eager"],
    ["vcpus", 2],
  ]);
  assert.equal(all[5], [
    ["policy", "lazy"],
    ["vcpus", 4],
  ]);
  assert.is(new Set(all.map((values) => JSON.stringify(values))).size, 6);
});

test("every value of every axis is looked at before a sweep", () => {
  const vcpus = Array.from({ length: 300 }, (_value, at) => at + 1);
  const one = study(
    `axes: { policy: [eager, lazy], vcpus: [${vcpus.join(", ")}], seed: [1, 2] }\nsamples: { count: 2, seed: 1, ranges: {} }`,
  );
  const points = pointsToCheck(one);
  assert.ok(points.every((point) => point < pointCount(one)));
  for (const [axis, values] of Object.entries(one.axes)) {
    const seen = new Set(
      points.map((point) => assignmentsOf(one, point).find(({ path }) => path[0] === axis)!.value),
    );
    assert.is(seen.size, values.length, axis);
  }
});

test("each sample comes with every combination", () => {
  const one = study(
    "axes: { policy: [eager, lazy] }\nsamples: { count: 3, seed: 5, ranges: { memory: { low: 1GiB, high: 8GiB } } }",
  );
  assert.is(pointCount(one), 6);
  for (const sample of [0, 1, 2]) {
    const [eager, lazy] = [valuesOf(one, 2 * sample), valuesOf(one, 2 * sample + 1)];
    assert.equal(eager[0], ["policy", "eager"]);
    assert.equal(lazy[0], ["policy", "lazy"]);
    assert.equal(eager[1], lazy[1]);
  }
});

test("samples depend on the seed, lie in their range, and sizes are whole MiB", () => {
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), fc.nat({ max: 99 }), fc.boolean(), (seed, point, log) => {
      const one = study(
        `axes: {}\nsamples: { count: 100, seed: ${seed}, ranges: { memory: { low: 64MiB, high: 4GiB, log: ${log} }, ` +
          "platform.tdcallNs: { low: 300ns, high: 1us }, vcpus: { low: 1, high: 8 } } }",
      );
      const [memory, tdcall, vcpus] = assignmentsOf(one, point).map(({ value }) => value);
      assert.is((memory as number) % MiB, 0);
      assert.ok((memory as number) >= 64 * MiB && (memory as number) <= 4 * GiB);
      const ns = Number(/^(\d+)ns$/.exec(String(tdcall))![1]);
      assert.ok(ns >= 300 && ns <= 1000);
      assert.ok(Number.isInteger(vcpus) && (vcpus as number) >= 1 && (vcpus as number) <= 8);
      assert.equal(assignmentsOf(one, point), assignmentsOf(one, point));
    }),
  );
});

test("every range draws numbers of its own", () => {
  const one = study(
    "axes: {}\nsamples: { count: 400, seed: 1, ranges: { host.contiguity: { low: 0, high: 0.5 }, guest.timeScale: { low: 0, high: 0.5 } } }",
  );
  const pairs = Array.from({ length: 400 }, (_value, point) =>
    assignmentsOf(one, point).map(({ value }) => value as number),
  );
  // A third of the range for independent numbers; 0 for equal ones.
  const meanDistance = pairs.reduce((sum, [a, b]) => sum + Math.abs(a! - b!), 0) / pairs.length;
  assert.ok(Math.abs(meanDistance - 0.5 / 3) < 0.02, `${meanDistance}`);
  assert.is(new Set(pairs.flat()).size, 800);
});

test("with log every doubling is as likely as any other", () => {
  const one = study(
    "axes: {}\nsamples: { count: 3000, seed: 1, ranges: { memory: { low: 64MiB, high: 4GiB, log: true } } }",
  );
  const perDoubling = Array.from({ length: 6 }, () => 0);
  for (let point = 0; point < 3000; point++) {
    const value = assignmentsOf(one, point)[0]!.value as number;
    perDoubling[Math.min(Math.floor(Math.log2(value / (64 * MiB))), 5)]!++;
  }
  for (const count of perDoubling) assert.ok(count > 420 && count < 580, `${count}`);
});

test.run();
