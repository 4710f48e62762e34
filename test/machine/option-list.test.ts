import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isOn, plainList, qemuList, qemuSize, wholeNumberOf } from "../../src/machine/option-list.js";

const test = suite("machine: lists of settings in one word");

const word = (text: string) => ({ text, line: 3, column: 10 });
const pairs = (text: string, implied?: string) =>
  qemuList(word(text), implied).settings.map(({ key, value }) => [key, value]);

test("names and values, the first without a name, a name alone", () => {
  assert.equal(pairs("q35,smm=off,usb", "type"), [
    ["type", "q35"],
    ["smm", "off"],
    ["usb", undefined],
  ]);
});

test("a comma within a value is written twice", () => {
  assert.equal(pairs("file=a,,b,id=c"), [
    ["file", "a,b"],
    ["id", "c"],
  ]);
});

test("JSON is the same, with dots for objects within objects", () => {
  assert.equal(pairs('{"qom-type":"x","share":true,"a":{"b":2},"host-nodes":[0,1]}'), [
    ["qom-type", "x"],
    ["share", "on"],
    ["a.b", "2"],
    ["host-nodes", "0,1"],
  ]);
});

test("the last setting of a name counts", () => {
  assert.is(qemuList(word("a=1,a=2")).get("a")!.value, "2");
});

test("a setting has the place of its name", () => {
  const { line, column } = qemuList(word("a=1,bc=2")).get("bc")!;
  assert.equal([line, column], [3, 14]);
});

test("lists of other VMMs have values in quotes and brackets, in which commas are not doubled", () => {
  const list = plainList(word('size=1G,id="a,b",cpus=[0,1],x'));
  assert.equal(
    list.settings.map(({ key, value }) => [key, value]),
    [
      ["size", "1G"],
      ["id", "a,b"],
      ["cpus", "[0,1]"],
      ["x", undefined],
    ],
  );
});

test("sizes as QEMU reads them", () => {
  const bytes = (value: string, bare = 1) => qemuSize({ key: "size", value, line: 1, column: 1 }, bare);
  assert.is(bytes("4G"), 4 * 2 ** 30);
  assert.is(bytes("4g"), 4 * 2 ** 30);
  assert.is(bytes("1.5T"), 1.5 * 2 ** 40);
  assert.is(bytes("4096", 2 ** 20), 2 ** 32);
  assert.is(bytes("0x100000"), 2 ** 20);
  assert.is(bytes("8388608k"), 2 ** 33);
  assert.is(bytes("512b", 2 ** 20), 512);
});

test("sizes that QEMU refuses are refused", () => {
  const bytes = (value: string) => () => qemuSize({ key: "maxmem", value, line: 2, column: 7 }, 1);
  for (const value of ["", "4GiB", "4GB", "-1", "4 G", "lots", "9000000000000G"])
    assert.throws(
      bytes(value),
      /^2:7: expected a size such as 4G for maxmem, below 2\^53 bytes, found/,
      value,
    );
});

test("switches and numbers", () => {
  const setting = (value?: string) => ({ key: "k", value, line: 1, column: 1 });
  assert.equal([undefined, setting(), setting("on"), setting("no")].map(isOn), [false, true, true, false]);
  assert.throws(() => isOn(setting("maybe")), /expected on or off for k, found maybe/);
  assert.is(wholeNumberOf(setting("8"), 1), 8);
  assert.throws(() => wholeNumberOf(setting("0"), 1), /expected a whole number of at least 1 for k, found 0/);
  assert.throws(() => wholeNumberOf(setting("1.5"), 1), /found 1.5/);
});

test("JSON that is none, and a value without a name, are refused at their place", () => {
  assert.throws(() => qemuList(word('{"a":')), /^3:10: expected JSON, as it begins with \{/);
  assert.throws(() => qemuList(word("a=1,=2")), /^3:14: expected a name before the =, found =2/);
});

test.run();
