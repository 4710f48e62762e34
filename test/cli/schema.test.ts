import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: schema");

/** Compiles what the command prints. */
async function validator(...argv: readonly string[]): Promise<(document: unknown) => unknown> {
  const { code, stdout, stderr } = await unaccepted(["schema", ...argv]);
  assert.is(code, 0, stderr);
  const validate = new Ajv2020({ strictTypes: false, allErrors: true }).compile(JSON.parse(stdout));
  return (document) => (validate(document) ? [] : validate.errors!.map(({ instancePath }) => instancePath));
}

function documents(directory: string): [string, unknown][] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml") && name !== "seeds.yaml")
    .map((name) => [name, parse(readFileSync(`${directory}/${name}`, "utf8"))]);
}

test("every bundled scenario is valid by the schema that is printed", async () => {
  const errorsOf = await validator();
  const all = documents("workloads");
  assert.ok(all.length >= 10);
  for (const [name, document] of all) assert.equal(errorsOf(document), [], name);
});

test("every bundled study is valid by its own", async () => {
  const errorsOf = await validator("study");
  const all = documents("workloads/studies");
  assert.ok(all.length > 0);
  for (const [name, document] of all) assert.equal(errorsOf(document), [], name);
});

test("unknown keys, wrong types, names and numbers out of range are not", async () => {
  const errorsOf = await validator("scenario");
  const good = { name: "a", workload: "w", platform: "tdx", memory: "4GiB" };
  assert.equal(errorsOf(good), []);
  for (const wrong of [
    { polcy: "lazy" },
    { policy: "lasy" },
    { vcpus: 0 },
    { vcpus: [1, 1025] },
    { guest: { kaslr: "yes" } },
    { guest: { timeScale: 0 } },
    { host: { contiguity: 1.5 } },
    { platform: { kind: "tdx", tdcalNs: "1us" } },
    { strategy: { thread: 1 } },
    { host: { tdxModule: { memory: [], convertible: [{ start: 0, end: "1GiB" }] } } },
    { seed: [] },
  ]) {
    assert.not.equal(errorsOf({ ...good, ...wrong }), [], JSON.stringify(wrong));
  }
  assert.not.equal(errorsOf({ name: "a" }), []);
});

test("no other schema has a name", async () => {
  const { code, stderr } = await unaccepted(["schema", "workload"]);
  assert.is(code, 2);
  assert.match(onlyLine(stderr), "schema workload: expected scenario or study");
});

test.run();
