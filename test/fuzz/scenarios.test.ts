// Takes 1 s.
/** Random whole scenarios over the schema: never a crash, a broken invariant or a number that is none. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { z } from "zod";
import { scenarioSchema } from "../../src/scenario/scenario.js";
import { Choices, randomScenario } from "../campaign/random-scenario.js";
import { runCase } from "../campaign/run-case.js";

const test = suite("fuzz: scenarios");

/** What is needed of a JSON Schema. */
interface JsonNode {
  readonly properties?: Readonly<Record<string, JsonNode>>;
  readonly anyOf?: readonly JsonNode[];
  readonly items?: JsonNode;
}

/** The campaign goes on from here. */
const CASES = 16;
const SEED = 7;

test("a few of the campaign's cases run, or are refused with a line", () => {
  const verdicts = Array.from({ length: CASES }, (_value, number) => runCase(SEED, number));
  assert.equal(
    verdicts.flatMap(({ kind, why }, number) => (kind === "failed" ? [`case ${number}: ${why}`] : [])),
    [],
  );
  assert.ok(verdicts.filter(({ kind }) => kind === "ran").length > CASES / 2);
});

test("every key of the schema is tried by some case", () => {
  const tried = new Set<string>();
  const note = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const inner of value) note(inner, path);
    else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) note(inner, path === "" ? key : `${path}.${key}`);
    } else tried.add(path);
  };
  for (let number = 0; number < 3000; number++) note(randomScenario(new Choices(SEED, number)), "");
  const known = leaves(scenarioSchema(), "").filter((path) => path !== "machine" && path !== "description");
  assert.equal(
    known.filter((path) => !tried.has(path)),
    [],
  );
});

test("the same number makes the same case", () => {
  assert.equal(randomScenario(new Choices(SEED, 3)), randomScenario(new Choices(SEED, 3)));
  assert.not.equal(randomScenario(new Choices(SEED, 3)), randomScenario(new Choices(SEED, 4)));
});

/** Paths of all single values, as the JSON Schema for editors tells them. */
function leaves(schema: ReturnType<typeof scenarioSchema>, path: string): string[] {
  return [...new Set(leavesOf(z.toJSONSchema(schema, { unrepresentable: "any" }) as JsonNode, path))];
}

function leavesOf(node: JsonNode, path: string): string[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([key, inner]) =>
    leavesOf(inner, path === "" ? key : `${path}.${key}`),
  );
  const parts = [...(node.anyOf ?? []), ...(node.items === undefined ? [] : [node.items])];
  const inside = [...below, ...parts.flatMap((part) => leavesOf(part, path))];
  return inside.length > 0 ? inside : [path];
}

test.run();
