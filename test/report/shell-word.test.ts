import { suite } from "uvu";
import * as assert from "uvu/assert";
import { shellWord } from "../../src/report/shell-word.js";

const test = suite("report: words for a shell");

test("what a shell reads as it stands is not quoted", () => {
  assert.is(shellWord("a-b_c.d/e=f,g"), "a-b_c.d/e=f,g");
});

test("what a shell would take for something else is quoted", () => {
  assert.is(shellWord("it's $(x)"), `'it'\\''s $(x)'`);
  // zsh reads `=ls` as the path of ls.
  assert.is(shellWord("=ls"), "'=ls'");
  assert.is(shellWord(""), "''");
});

test("control characters, which a terminal would obey, are escapes", () => {
  assert.is(shellWord("a\u001b'\\\u0085"), String.raw`$'a\033\'\\\302\205'`);
});

test.run();
