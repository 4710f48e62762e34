import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatJson } from "../../src/results/formats.js";
import { MEASURES } from "../../src/results/measures.js";
import { resultsSchema } from "../../src/results/schema.js";
import { onlyLine, unaccepted } from "../cli/program.js";
import { overTimeOf, rowWith } from "./rows.js";

const test = suite("results: schema");

/** What this test knows of JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly description?: string;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}

function check(value: unknown, schema: Schema, path: string): void {
  if (schema.const !== undefined) assert.is(value, schema.const, path);
  if (schema.type !== undefined) {
    const types = [schema.type].flat();
    const own = typeOf(value);
    assert.ok(types.includes(own) || (own === "integer" && types.includes("number")), `${path} is ${own}`);
  }
  for (const key of schema.required ?? []) assert.ok(key in (value as object), `${path}.${key}`);
  if (schema.items !== undefined)
    for (const item of value as unknown[]) check(item, schema.items, `${path}[]`);
  if (schema.properties === undefined) return;
  for (const [key, inner] of Object.entries(value as object)) {
    assert.ok(schema.properties[key], `${path}.${key} is unknown`);
    check(inner, schema.properties[key]!, `${path}.${key}`);
  }
}

test("rows keep to it", () => {
  const rows = [
    rowWith(),
    rowWith({ bootRatio: null, outcome: "oom", reason: "no page", lostBytes: 7 }),
    rowWith({ overTime: overTimeOf([{ timeNs: 4 }]) }),
  ];
  check(JSON.parse(formatJson(rows)), resultsSchema() as Schema, "");
  const wrong = { ...rowWith(), bootTimeNs: "5 s" } as unknown as ReturnType<typeof rowWith>;
  let told = "";
  try {
    check(JSON.parse(formatJson([wrong])), resultsSchema() as Schema, "");
  } catch (error) {
    told = (error as Error).message;
  }
  assert.match(told, /bootTimeNs is string/);
});

test("it has every measure with its description", () => {
  const row = (resultsSchema() as Schema).properties!.rows!.items!;
  for (const { path, doc } of MEASURES) {
    const field = path.reduce((schema, key) => schema.properties![key]!, row);
    assert.is(field.description, doc);
  }
});

test("the command prints it, and nothing else", async () => {
  const { code, stdout } = await unaccepted(["schema", "results"]);
  assert.is(code, 0);
  assert.equal(JSON.parse(stdout), resultsSchema());
  const other = await unaccepted(["schema", "reslts"]);
  assert.is(other.code, 2);
  assert.match(onlyLine(other.stderr), /schema reslts: expected scenario or study or prices or results/);
});

test.run();
