// Takes 1 s.
import { readFileSync } from "node:fs";
import { Job } from "kubernetes-models/batch/v1/Job";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";

const test = suite("cli: files for clusters");

type Tree = { [key: string]: Tree };

/** Every place of a document, and those that a reader has looked at. */
function watched(document: Tree): { readonly seen: ReadonlySet<string>; readonly document: Tree } {
  const seen = new Set<string>();
  const watch = (value: Tree, path: string): Tree =>
    new Proxy(value, {
      get(target, key) {
        const inner = Reflect.get(target, key) as unknown;
        if (typeof key === "symbol" || !Object.hasOwn(target, key)) return inner;
        seen.add(`${path}/${key}`);
        return typeof inner === "object" && inner !== null ? watch(inner as Tree, `${path}/${key}`) : inner;
      },
    });
  return { seen, document: watch(document, "") };
}

function placesOf(value: Tree, path = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}/${key}`,
    ...(typeof inner === "object" && inner !== null ? placesOf(inner, `${path}/${key}`) : []),
  ]);
}

/**
 * Checks a Job by the schema that Kubernetes publishes, compiled to a function that reads every field it
 * knows; what it never read is no field of the API, and a server would refuse or drop it.
 */
function mistakesOf(job: Tree): string[] {
  const { seen, document } = watched(job);
  try {
    // oxlint-disable-next-line typescript/unbound-method -- of a document, not of a copy that is read whole
    Job.prototype.validate.call(document as never);
  } catch (error) {
    return [(error as Error).message];
  }
  return placesOf(job).filter((place) => !seen.has(place));
}

function job(): Tree {
  return parse(readFileSync("workloads/cluster/sweep-job.yaml", "utf8")) as Tree;
}

test("the Kubernetes Job is one by the schema of the API", () => {
  assert.equal(mistakesOf(job()), []);
});

test("its pods are all shards of the sweep", () => {
  const { completions, template } = job().spec!;
  const [command] = template!.spec!.containers![0]!.args as unknown as string[];
  assert.match(command!, `--shard "$JOB_COMPLETION_INDEX/${JSON.stringify(completions)}" `);
});

test("a field that the API does not have, or of another type, is found at any depth", () => {
  const spec = (one: Tree): Tree => one.spec!;
  const container = (one: Tree): Tree => one.spec!.template!.spec!.containers![0]!;
  for (const [put, mistake] of [
    [(one: Tree) => Object.assign(one, { sepc: {} }), /^\/sepc$/],
    [(one: Tree) => Object.assign(spec(one), { backoffLimitPerIndx: 3 }), /^\/spec\/backoffLimitPerIndx$/],
    [
      (one: Tree) => Object.assign(container(one), { volumeMount: [] }),
      /^\/spec\/template\/spec\/containers\/0\/volumeMount$/,
    ],
    [(one: Tree) => Object.assign(spec(one), { completions: "20" }), /completions must be integer/],
    [(one: Tree) => Object.assign(spec(one), { completionMode: "Indxed" }), /completionMode/],
    [(one: Tree) => Object.assign(container(one).resources!, { requests: { memory: "1Gb" } }), /memory/],
    [(one: Tree) => delete spec(one).template, /template/],
  ] as const) {
    const broken = job();
    put(broken);
    assert.match(mistakesOf(broken).join("; "), mistake);
  }
});

test.run();
