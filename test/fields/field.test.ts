import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Field, Fields } from "../../src/fields/field.js";
import { settle } from "../../src/fields/read.js";
import { schemaOf } from "../../src/fields/schema.js";
import { SCENARIO } from "../../src/scenario/scenario.js";

const test = suite("fields: field");

const LEAF = "default defaultFor byDefault required needed varies as fileOnly";
/** What each kind of declaration may say beside `is`, `what`, `more`, `on` and `needs`. */
const KNOWN: Readonly<Record<Field["is"], string>> = {
  flag: LEAF,
  choice: `${LEAF} of refuses`,
  count: `${LEAF} min max or`,
  number: `${LEAF} expected above min max`,
  size: `${LEAF} expected min max multipleOf powerOfTwo oneOf orAll examples`,
  time: LEAF,
  text: `${LEAF} expected examples orNumber check read`,
  section: "fields optional short byDefault check",
  list: "fields required check",
  parameters: "of fields inline has defaults",
};

/** Every declaration by its path. */
function declared(fields: Fields, around = ""): [string, Field][] {
  return Object.entries(fields).flatMap(([key, field]): [string, Field][] => [
    [`${around}${key}`, field],
    ...("fields" in field ? declared(field.fields, `${around}${key}.`) : []),
  ]);
}

test("no declaration has a word that nobody reads", () => {
  for (const [path, field] of declared(SCENARIO)) {
    const known = `is what more on needs ${KNOWN[field.is]}`.split(" ");
    assert.equal(
      Object.keys(field).filter((word) => !known.includes(word)),
      [],
      path,
    );
  }
});

test("every declaration has a line that begins small, and one default at most", () => {
  for (const [path, field] of declared(SCENARIO)) {
    assert.ok(field.what.length > 5, path);
    assert.not.match(field.what, /^(?:The|Whether|Who|How|What|Where|When|Which)\b|\.$/, path);
    const said = ["default", "byDefault", "required", "needed"].filter((word) => word in field);
    assert.ok(said.length <= 1, path);
  }
});

test("what a run has follows from the declaration", () => {
  const fields: Fields = {
    limit: {
      is: "size",
      max: "4GiB",
      multipleOf: "1MiB",
      orAll: true,
      default: "1GiB",
      defaultFor: { by: { vmm: "2MiB" } },
      what: "limit",
    },
    by: { is: "choice", of: ["firmware", "vmm"], default: "firmware", what: "who" },
    node: { is: "count", min: 0, max: 3, or: "any", as: "nodeId", byDefault: "the first", what: "node" },
    plan: {
      is: "section",
      optional: true,
      what: "plan",
      fields: { after: { is: "time", default: "2us", what: "when" } },
    },
    ranges: { is: "list", what: "ranges", fields: { used: { is: "size", default: 0, what: "used" } } },
  };
  assert.equal(settle(fields, {}), { limitBytes: 2 ** 30, by: "firmware", ranges: [] });
  assert.equal(settle(fields, { by: "vmm", node: "any", plan: {}, ranges: [{ used: "1k" }] }), {
    limitBytes: 2 ** 21,
    by: "vmm",
    nodeId: "any",
    plan: { after: 2000 },
    ranges: [{ usedBytes: 1024 }],
  });
  assert.is(
    (settle(fields, { limit: "all" }) as { limitBytes: number }).limitBytes,
    Number.POSITIVE_INFINITY,
  );
  const schema = schemaOf(fields);
  assert.ok(schema.safeParse({ limit: ["2MiB", "all"], node: ["any", 3] }).success);
  for (const wrong of [
    { limit: "1KiB" },
    { limit: "5GiB" },
    { node: 4 },
    { plan: { after: 2 } },
    { more: 1 },
  ]) {
    assert.not(schema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});

test.run();
