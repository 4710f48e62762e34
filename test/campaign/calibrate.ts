/**
 * Readings of so many made-up machines, calibrated: how often the true prices lie inside their intervals, how wide
 * these are, and how well the curve of nr_unaccepted is predicted that fed none of them:
 * `npx tsx test/campaign/calibrate.ts [COUNT [FIRST]]`; 200 machines from seed 1 if not given, 4 s each.
 */

import { isInside, type Recovered, type Recovery, recover, summaryOf } from "../calibrate/recovery.js";

const [count = 200, first = 1] = process.argv.slice(2).map(Number);
const machines: Recovery[] = [];
for (let seed = first; seed < first + count; seed++) {
  const one = recover(seed);
  machines.push(one);
  const { kind, level, vcpus } = one.machine;
  const rms = one.rms === undefined ? "no curve" : `curve ${(100 * one.rms).toFixed(1)} %`;
  const outside = one.recovered.filter((price) => !isInside(price)).map(outsideText);
  const more = [...outside, ...one.refused].map((text) => `; ${text}`).join("");
  console.log(`${seed} ${kind} ${level} ${vcpus} CPUs: ${one.recovered.length} prices, ${rms}${more}`);
}

function outsideText({ name, truthNs, lowNs, highNs }: Recovered): string {
  const [truth, low, high] = [truthNs, lowNs, highNs].map((ns) => ns.toPrecision(4));
  return `${name} ${truth} outside ${low} to ${high}`;
}

const all = machines.flatMap(({ recovered }) => recovered);
const inside = all.filter(isInside).length;
console.log(
  `\n${machines.length} machines, ${all.length} prices, ${((100 * inside) / all.length).toFixed(1)} % inside`,
);
const identified = all.filter(({ isIdentified }) => isIdentified);
let failed = inside < 0.95 * all.length;
for (const [name, { told, inside: held, width }] of summaryOf(identified)) {
  failed ||= width > 1.5;
  console.log(`${name}: told ${told}, inside ${held}, median of high/low ${width.toFixed(2)}`);
}
const rms = machines.flatMap((one) => one.rms ?? []).sort((a, b) => a - b);
const percent = (share: number): string =>
  `${(100 * rms[Math.floor(share * (rms.length - 1))]!).toFixed(1)} %`;
console.log(`curves: RMS ${percent(0.5)} median, ${percent(0.95)} at 95 %, ${percent(1)} at most`);
if (failed) process.exitCode = 1;
