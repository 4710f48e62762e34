import { runDuel } from "/work/main/test/page-alloc/oracle-duel.js";

const n = Number(process.argv[2] ?? 20),
  from = Number(process.argv[3] ?? 1),
  ops = Number(process.argv[4] ?? 4000);
let bad = 0;
const t = Date.now();
for (let s = from; s < from + n; s++) {
  try {
    runDuel(s, ops);
  } catch (e) {
    bad++;
    if (bad <= 15) console.log((e as Error).message);
    if (process.argv[5]) console.log(((e as Error).cause as Error).stack);
  }
}
console.log(bad, "bad of", n, Date.now() - t, "ms");
