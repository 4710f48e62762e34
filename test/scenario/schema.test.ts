import { suite } from "uvu";
import * as assert from "uvu/assert";
import { z } from "zod";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { scenarioSchema } from "../../src/scenario/scenario.js";

const test = suite("scenario: schema");

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly JsonSchema[];
}

const json = z.toJSONSchema(scenarioSchema()) as JsonSchema;

/** Every property of a schema with its path, through mappings and alternatives. */
function propertiesOf(schema: JsonSchema, path = ""): [string, JsonSchema][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, inner]): [string, JsonSchema][] => [
    [`${path}${key}`, inner],
    ...propertiesOf(inner, `${path}${key}.`),
  ]);
  return [...own, ...(schema.anyOf ?? []).flatMap((option) => propertiesOf(option, path))];
}

test("can be printed as JSON Schema", () => {
  assert.is(json.type, "object");
  assert.equal(json.required, ["name", "workload"]);
  const paths = propertiesOf(json).map(([path]) => path);
  for (const path of ["memory", "platform.kind", "platform.tdcallNs", "firmware.preAcceptLimit"]) {
    assert.ok(paths.includes(path), path);
  }
});

test("every value has a description", () => {
  for (const [path, schema] of propertiesOf(json)) assert.ok((schema.description ?? "").length > 10, path);
});

test("a parameter's description names its default on each platform", () => {
  const tdcall = propertiesOf(json).find(([path]) => path === "platform.tdcallNs");
  const ns = PLATFORMS.tdx.parameters.tdcallNs!.value;
  assert.match(tdcall![1].description!, `Default: tdx ${ns} ns`);
});

test("every mapping refuses unknown keys", () => {
  const mappings = propertiesOf(json).flatMap(([path, schema]) =>
    [schema, ...(schema.anyOf ?? [])]
      .filter(({ properties }) => properties)
      .map((one) => [path, one] as const),
  );
  const names = [
    "platform",
    "strategy",
    "host",
    "host.tdxModule",
    "host.rmp",
    "host.rmp.table",
    "vmm",
    "handOver",
    "handOver.initrd",
    "handOver.efi",
    "handOver.efi.memoryMap",
    "firmware",
    "guest",
    "guest.kernelBuild",
    "hotplug",
    "drain",
    "attack",
    "kexec",
  ];
  assert.equal(
    mappings.map(([path]) => path),
    names,
  );
  for (const [path, mapping] of [["the file", json] as const, ...mappings]) {
    assert.is(mapping.additionalProperties, false, path);
  }
});

test.run();
