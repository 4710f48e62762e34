import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cpuListText, cpusOf } from "../../src/x86/cpu-list.js";

const test = suite("x86: lists of CPUs");

test("numbers and ranges, in their order", () => {
  assert.equal(cpusOf("0-3,8"), [0, 1, 2, 3, 8]);
  assert.equal(cpusOf("5, 1-1"), [5, 1]);
});

test("nothing else is such a list", () => {
  for (const text of ["", "0-", "3-1", "a", "0-3,2", "0 1", "-1", "0x1"])
    assert.is(cpusOf(text), undefined, text);
});

test("a list is written as short as can be, and read again", () => {
  assert.is(cpuListText([0, 1, 2, 4, 6, 7]), "0-2,4,6-7");
  assert.equal(cpusOf(cpuListText([3, 9, 10])), [3, 9, 10]);
});

test.run();
