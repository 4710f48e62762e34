import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DOCUMENTED_WORDS, ignoredWords, wordEffect } from "../../src/command-line/catalogue.js";
import { commandLineWords } from "../../src/command-line/words.js";

const test = suite("command-line: catalogue");

function effectOf(text: string): string {
  const [{ name, value }] = commandLineWords(text) as [ReturnType<typeof commandLineWords>[number]];
  return wordEffect(name, value)?.does ?? "unknown";
}

test("every word that is documented has the effect that is documented", () => {
  for (const { word, effect } of DOCUMENTED_WORDS) assert.is(effectOf(word), effect.does, word);
});

test("of some words only a value is refused, of some a whole group", () => {
  assert.equal(
    ["numa=fake=4", "numa=fake=1G", "numa=off", "percpu_alloc=page", "percpu_alloc=embed"].map(effectOf),
    ["refused", "refused", "acts", "refused", "nothing"],
  );
  assert.equal(["sysctl.vm.nr_hugepages=64", "sysctl.kernel.panic=1"].map(effectOf), ["refused", "unknown"]);
});

test("what is unknown or small is named, each word once, and what has no effect is not", () => {
  const words = commandLineWords(
    "console=ttyS0 root=/dev/vda ro quiet systemd.unit=x foo bar=1 foo cgroup.memory=nokmem",
  );
  assert.equal(ignoredWords(words), [
    "ignored: foo",
    "ignored: bar=1",
    "ignored: cgroup.memory=nokmem: its memory is among the requests that were recorded",
  ]);
});

test.run();
