// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chanceAt } from "../../src/sim/prng.js";

const test = suite("sim: prng");
const COUNT = 100_000;

function chances(seed: number, stride = 1): number[] {
  return Array.from({ length: COUNT }, (_, index) => chanceAt(seed, index * stride));
}

test("the same seed and index give the same number, from 0 to below 1", () => {
  for (const index of [0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    const chance = chanceAt(7, index);
    assert.is(chance, chanceAt(7, index));
    assert.ok(chance >= 0 && chance < 1);
  }
});

test("numbers spread evenly, for any seed and stride", () => {
  for (const seed of [0, 1, 2 ** 32 - 1]) {
    for (const stride of [1, 512, 2 ** 32]) {
      const tenths = Array.from({ length: 10 }, () => 0);
      for (const chance of chances(seed, stride)) tenths[Math.floor(chance * 10)]!++;
      // Three standard deviations of a fair die would be 285.
      for (const count of tenths) assert.ok(Math.abs(count - COUNT / 10) < 500, `${seed} ${stride} ${count}`);
    }
  }
});

test("neighbours do not follow each other", () => {
  const values = chances(1);
  let rises = 0;
  for (let at = 1; at < COUNT; at++) if (values[at]! > values[at - 1]!) rises++;
  assert.ok(Math.abs(rises - COUNT / 2) < 500, `${rises}`);
});

test("seeds differ", () => {
  const [one, other] = [chances(1), chances(2)];
  const same = one.filter((chance, at) => chance < 0.5 === other[at]! < 0.5).length;
  assert.ok(Math.abs(same - COUNT / 2) < 800, `${same}`);
});

test.run();
