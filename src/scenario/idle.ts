/** Values of a scenario that change nothing: what each key needs is declared with it (`on`, `needs`). */

import type { Field, Fields, Leaf } from "../fields/field.js";
import { defaultOf, nameInRun, readLeaf } from "../fields/read.js";
import { type Policies, policies } from "../policy/policies.js";
import { type DocumentPath, formatPath, isMapping, valueAt } from "./error.js";
import type { Finding } from "./findings.js";
import { SCENARIO, type Scenario, type ScenarioDocument } from "./scenario.js";
import { variantsIn } from "./variants.js";

/** A key that does something in some runs only. */
interface Limited {
  readonly path: DocumentPath;
  /** Its place in a run. */
  readonly inRun: DocumentPath;
  readonly field: Field;
}

let known: { readonly of: Policies; readonly limited: readonly Limited[] } | undefined;

/** All of them, with the parameters of the policies there are. */
function limited(): readonly Limited[] {
  const of = policies();
  if (known?.of !== of) known = { of, limited: limitedOf(SCENARIO, [], []) };
  return known.limited;
}

function limitedOf(fields: Fields, path: DocumentPath, inRun: DocumentPath): Limited[] {
  return Object.entries(fields).flatMap(([key, field]): Limited[] => {
    const one = { path: [...path, key], inRun: [...inRun, nameInRun(key, field)], field };
    const own = field.on === undefined && field.needs === undefined ? [] : [one];
    // Prices are no settings: a list of a machine's may name events that a run has none of.
    const hasOwn = field.is === "section" || (field.is === "parameters" && field.inline !== true);
    return hasOwn ? [...own, ...limitedOf(field.fields, one.path, one.inRun)] : own;
  });
}

/** What a run lacks for the key to change something, as the end of `it needs ...`; undefined where it can. */
function lackIn(run: Scenario, { field: { on, needs } }: Limited): string | undefined {
  if (on?.includes(run.platform.kind) === false) return `platform ${on.join(" or ")}`;
  return needs?.find(({ met }) => !met(run as never))?.what;
}

/** Whether a run has another value than it has by default. */
function isSet(run: Scenario, { inRun, field }: Limited): boolean {
  const value = valueAt(run, inRun);
  if (value === undefined) return false;
  if (field.is === "section" || field.is === "list" || field.is === "parameters") return true;
  const around = valueAt(run, inRun.slice(0, -1));
  return value !== defaultIn(field, isMapping(around) ? around : {});
}

function defaultIn(field: Leaf, around: Record<string, unknown>): unknown {
  const value = defaultOf(field, around);
  return value === undefined ? undefined : readLeaf(field, value);
}

/** A line for each setting that changes nothing in a run. */
export function idleIn(run: Scenario): string[] {
  return limited()
    .filter((one) => isSet(run, one))
    .flatMap((one) => {
      const lack = lackIn(run, one);
      return lack === undefined
        ? []
        : [`${formatPath(one.path)} changes nothing in this run; it needs ${lack}`];
    });
}

/**
 * Values that change nothing in any run of a file. Those that do in some runs stay, and the others say so: a
 * file that compares platforms may have what only one of them knows. A flag that leaves out the runs in which
 * a value of the file does something is no mistake of the file.
 *
 * @param document nothing else is wrong with it
 */
export function checkIdle(document: ScenarioDocument, fromFlag: (path: DocumentPath) => boolean): Finding[] {
  return limited()
    .filter(({ path }) => valueAt(document, path) !== undefined)
    .flatMap((one) => {
      const { on, needs } = one.field;
      const reads = [
        ...(on === undefined ? [] : ["platform.kind"]),
        ...(needs ?? []).flatMap((need) => need.reads),
      ];
      const deciding = reads.map((path) => path.split("."));
      if (!fromFlag(one.path) && [...deciding, ["preset"]].some(fromFlag)) return [];
      const lacks = new Set<string>();
      for (const run of variantsIn(document, [one.path, ...deciding])) {
        if (!isSet(run, one)) continue;
        const lack = lackIn(run, one);
        if (lack === undefined) return [];
        lacks.add(lack);
      }
      return [...lacks].slice(0, 1).map((lack) => ({
        path: one.path,
        message: `changes nothing here; it needs ${lack}`,
        onKey: true,
      }));
    });
}
