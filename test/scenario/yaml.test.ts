import { suite } from "uvu";
import * as assert from "uvu/assert";
import { z } from "zod";
import { parseYamlWithPositions } from "../../src/scenario/yaml.js";
import { linesOf } from "./helpers.js";

const test = suite("scenario: yaml");

/** A schema that says nothing in its own words. */
const plain: z.ZodType<unknown> = z.strictObject({
  kernel: z.string(),
  cpus: z.int().min(1).max(8).optional(),
  scale: z.number().positive().lt(10).optional(),
  hash: z
    .string()
    .regex(/^[0-9a-f]+$/)
    .optional(),
  label: z.string().min(3).max(5).optional(),
  even: z.number().multipleOf(2).optional(),
  clock: z.literal("tsc").optional(),
  parts: z.array(z.strictObject({ file: z.string(), events: z.number() })).optional(),
  limits: z.record(z.string(), z.strictObject({ low: z.number() })).optional(),
});

function errorsOf(text: string): string[] {
  return linesOf(() => parseYamlWithPositions(text, "recording.yaml", plain));
}

test("the log of a kernel, and a key that is none, are named", () => {
  const said =
    "recording.yaml:1:1: expected YAML, found the log of a kernel; describe its machine by platform, memory, vcpus and kernel";
  assert.equal(errorsOf("[    0.000000] tdx: Guest detected\n[    0.000000] Linux version 6.6.0\n"), [said]);
  assert.equal(errorsOf("<6>[   12.345678] random: crng init done\n"), [said]);
  assert.equal(errorsOf("[0.5, 1.25]: 3\n"), ["recording.yaml:1:1: expected a name as a key"]);
});

test("a good file is what the schema makes of it", () => {
  const schema = z.strictObject({ size: z.string().transform((text) => text.length) });
  assert.equal(parseYamlWithPositions("size: abc # three\n", "a.yaml", schema), { size: 3 });
});

test("a schema without words of its own still gives sentences", () => {
  assert.equal(errorsOf("kernel: 6\n"), ["recording.yaml:1:9: kernel: expected text, found 6"]);
  assert.equal(errorsOf("kernel: a\ncpus: 1.5\n"), [
    "recording.yaml:2:7: cpus: expected a whole number, found 1.5",
  ]);
  assert.equal(errorsOf("kernel: a\ncpus: 9\n"), ["recording.yaml:2:7: cpus: expected at most 8, found 9"]);
  assert.equal(errorsOf("kernel: a\nscale: 0\n"), [
    "recording.yaml:2:8: scale: expected more than 0, found 0",
  ]);
  assert.equal(errorsOf("kernel: a\nscale: 10\n"), [
    "recording.yaml:2:8: scale: expected less than 10, found 10",
  ]);
  assert.equal(errorsOf("kernel: a\nlabel: ab\n"), [
    'recording.yaml:2:8: label: expected text of at least 3 characters, found "ab"',
  ]);
  assert.equal(errorsOf("kernel: a\nclock: tcs\n"), [
    'recording.yaml:2:8: clock: expected tsc, found "tcs", did you mean tsc?',
  ]);
});

test("rules that only have a message of their own keep it", () => {
  const [line] = errorsOf("kernel: a\nhash: XYZ\n");
  assert.match(line!, /^recording\.yaml:2:7: hash: Invalid string: must match pattern .*, found "XYZ"$/);
  assert.equal(errorsOf("kernel: a\neven: 3\n"), [
    "recording.yaml:2:7: even: Invalid number: must be a multiple of 2, found 3",
  ]);
});

test("mistakes inside lists and free mappings have their paths", () => {
  assert.equal(errorsOf("kernel: a\nparts:\n  - file: x\n    events: 1\n  - fil: y\n    events: 2\n"), [
    "recording.yaml:5:5: parts[1].fil: unknown key, did you mean file?",
    "recording.yaml:5:5: parts[1].file: expected text, found nothing",
  ]);
  assert.equal(errorsOf("kernel: a\nlimits: { dma: { lo: 1, low: 2 } }\n"), [
    "recording.yaml:2:18: limits.dma.lo: unknown key, did you mean low?",
  ]);
});

test("a value behind an alias is reported where its anchor stands", () => {
  assert.equal(errorsOf("kernel: a\nparts:\n  - &one { file: x, events: many }\n  - *one\n"), [
    'recording.yaml:3:29: parts[0].events: expected a number, found "many"',
    'recording.yaml:3:29: parts[1].events: expected a number, found "many"',
  ]);
});

test("an alias without an anchor", () => {
  assert.equal(errorsOf("kernel: a\ncpus: *all\n"), [
    "recording.yaml:2:7: Unresolved alias (the anchor must be set before the alias): all",
  ]);
});

test("aliases that multiply are refused", () => {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(8).fill(of).join(", ")}]\n`;
  const text = level("a", "1") + level("b", "*a") + level("c", "*b") + level("d", "*c");
  assert.equal(errorsOf(text), [
    "recording.yaml:1:1: Excessive alias count indicates a resource exhaustion attack",
  ]);
});

test("an unknown tag", () => {
  assert.equal(errorsOf("kernel: !version 6.12\n"), ["recording.yaml:1:9: Unresolved tag: !version"]);
});

test("a second document", () => {
  assert.equal(errorsOf("kernel: a\n---\nkernel: b\n"), [
    "recording.yaml:2:1: expected one document, found a second one",
  ]);
});

test("a long value is shortened in the message", () => {
  const long = "x".repeat(100);
  assert.equal(errorsOf(`kernel: a\ncpus: ${long}\n`), [
    `recording.yaml:2:7: cpus: expected a number, found "${"x".repeat(40)}..."`,
  ]);
});

test("lines are counted over comments, blank lines and carriage returns", () => {
  assert.equal(errorsOf("# one\r\n\r\nkernel: a\r\n# four\r\ncpus: x\r\n"), [
    'recording.yaml:5:7: cpus: expected a number, found "x"',
  ]);
});

test.run();
