import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB, MiB } from "../../../src/units.js";
import {
  GENERATORS,
  GeneratorError,
  generate,
  generatedWorkload,
  parseGeneratedWorkload,
} from "../../../src/workload/generators/index.js";

const test = suite("workload: parameters of generators");

const MACHINE = { memoryBytes: GiB, vcpus: 1, nodes: 1 };

function messageOf(text: string): string {
  try {
    parseGeneratedWorkload(text);
  } catch (error) {
    if (error instanceof GeneratorError) return error.message;
    throw error;
  }
  return "no error";
}

test("a name alone takes every default", () => {
  const { requests } = generate(parseGeneratedWorkload("generate:page-cache"), MACHINE, 1);
  assert.is(requests.order.filter((order) => order === 0).length, GiB / 4096);
});

test("parameters are written like those of an address", () => {
  const workload = parseGeneratedWorkload("generate:heap?size=64MiB&pages=small&pause=2ms");
  const other = generatedWorkload("heap", { size: 64 * MiB, pages: "small", pause: 2e6 });
  assert.equal(generate(workload, MACHINE, 1), generate(other, MACHINE, 1));
});

test("a wrong value is named with what was expected and found", () => {
  const expected = "expected a size from 2 MiB to 64 TiB, such as 64MiB";
  assert.is(messageOf("generate:heap?size=4GB"), `generate:heap: size: ${expected}, found "4GB"`);
  assert.is(messageOf("generate:heap?size=1MiB"), `generate:heap: size: ${expected}, found "1MiB"`);
  assert.is(
    messageOf("generate:heap?pages=large"),
    'generate:heap: pages: expected one of huge, small, found "large"',
  );
  assert.is(
    messageOf("generate:fork?processes=1.5"),
    'generate:fork: processes: expected an integer from 1 to 10000000, found "1.5"',
  );
  assert.is(
    messageOf("generate:fork?exec=2"),
    'generate:fork: exec: expected a number from 0 to 1, found "2"',
  );
  assert.match(messageOf("generate:heap?pause=soon"), /pause: expected a time from 0 to .*, found "soon"$/);
});

test("every wrong value is named", () => {
  assert.is(messageOf("generate:heap?size=x&pages=y&threads=0").split("\n").length, 3);
});

test("unknown names come with the nearest known one", () => {
  assert.match(
    messageOf("generate:heep"),
    /^generate:heep: expected one of boot, heap, .*, did you mean heap\?$/,
  );
  assert.match(
    messageOf("generate:heap?sise=1G"),
    /: sise: unknown parameter, did you mean size\?; it has size, /,
  );
});

test("a text of another form is refused", () => {
  assert.is(messageOf("heap"), "heap: expected generate: and the name of a generator");
  assert.match(messageOf("generate:heap?size"), /expected PARAMETER=VALUE, found "size"$/);
  assert.match(messageOf("generate:heap?"), /expected PARAMETER=VALUE, found ""$/);
  assert.match(messageOf("generate:heap?=1"), /expected PARAMETER=VALUE, found "=1"$/);
  assert.match(messageOf("generate:heap?size=1G&size=2G"), /size is given twice$/);
  assert.match(messageOf("generate:toString"), /expected one of/);
  assert.match(messageOf("generate:heap?__proto__=1"), /__proto__: unknown parameter/);
});

test("a number must be one of the unit", () => {
  for (const threads of [0, 1025, Number.NaN, Number.POSITIVE_INFINITY, -1, null, true, {}, []])
    assert.throws(
      () => generatedWorkload("heap", { threads }),
      /threads: expected an integer from 1 to 1024/,
    );
});

test("every default is a value that a user may write", () => {
  for (const { name, parameters } of GENERATORS) {
    for (const [parameter, { default: value }] of Object.entries(parameters))
      assert.not.throws(
        () => generatedWorkload(name, { [parameter]: value }),
        undefined,
        `${name} ${parameter}`,
      );
  }
});

test.run();
