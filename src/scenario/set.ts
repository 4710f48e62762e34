/**
 * Assignments of the command line (`--set host.prefault=true`), written over the values of
 * a scenario file before anything is checked, so that they obey the same rules as the file.
 */

import { type Draft, produce } from "immer";
import { parseDocument } from "yaml";
import type { Fields } from "../fields/field.js";
import { type DocumentPath, formatPath, isMapping, ScenarioError } from "./error.js";
import { SCENARIO } from "./scenario.js";

/** A value for one place of the document. */
export interface Assignment {
  /** The text typed, for messages: `--set seed=7`, `--platform tdx,snp`. */
  readonly flag: string;
  readonly path: DocumentPath;
  readonly value: unknown;
  /** Another run of the same study has another value there. */
  readonly varies?: true;
}

const ASSIGNMENT = /^([a-z][\w-]*(?:\.[a-z][\w-]*)*)=(.*)$/is;

/**
 * Reads `path.to.key=value`. The value is YAML on one line: `900ns`, `true`, `[eager, lazy]`.
 *
 * @param text what follows `--set`
 * @throws ScenarioError that names the flag
 */
export function parseAssignment(text: string): Assignment {
  const flag = `--set ${text}`;
  const match = ASSIGNMENT.exec(text);
  if (match === null) throw flagError(flag, [], "expected path.to.key=value");
  const path = match[1]!.split(".");
  const document = parseDocument(match[2]!, { prettyErrors: false, stringKeys: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw flagError(flag, path, problem.message);
  const comment = document.contents?.comment ?? document.comment;
  if (typeof comment === "string") {
    throw flagError(flag, path, `expected a value, found "#${comment}", a comment in YAML; quote the value`);
  }
  try {
    return { flag, path, value: document.toJS() };
  } catch (error) {
    // Only here does the parser say that an alias has no anchor.
    if (!(error instanceof ReferenceError)) throw error;
    throw flagError(flag, path, error.message);
  }
}

/**
 * Writes assignments over a document, one after the other; mappings on the way are made
 * where they are missing. `platform: tdx` becomes `platform: { kind: tdx }` when one of its
 * parameters is assigned, and so does every value that stands for a mapping.
 *
 * @param document as read from YAML; not changed
 * @throws ScenarioError that names the flag, if a path leads through something else than a mapping
 */
export function applyAssignments(document: unknown, assignments: readonly Assignment[]): unknown {
  return assignments.reduce(applyAssignment, document);
}

function applyAssignment(document: unknown, assignment: Assignment): unknown {
  const { flag, path, value } = assignment;
  return produce(document, (draft: Draft<unknown>) => {
    let around: unknown = draft;
    for (const [depth, segment] of path.entries()) {
      if (!isMapping(around)) {
        const place = depth === 0 ? "the file" : formatPath(path.slice(0, depth));
        throw flagError(flag, path, `${place} is not a mapping`);
      }
      if (depth === path.length - 1) {
        around[segment] = value;
        return;
      }
      const inner = Object.hasOwn(around, segment) ? around[segment] : undefined;
      const short = shortForm(path.slice(0, depth + 1));
      if (inner === undefined || inner === null) around[segment] = {};
      else if (short !== undefined && !isMapping(inner)) around[segment] = { [short]: inner };
      around = around[segment];
    }
  });
}

/** The key that a value stands for in the place of a mapping; undefined where it stands for none. */
function shortForm(path: DocumentPath): string | undefined {
  let fields: Fields = SCENARIO;
  for (const [depth, segment] of path.entries()) {
    const field = Object.hasOwn(fields, segment) ? fields[segment] : undefined;
    if (field?.is !== "section") return undefined;
    if (depth === path.length - 1) return field.short;
    fields = field.fields;
  }
  return undefined;
}

function flagError(flag: string, path: DocumentPath, message: string): ScenarioError {
  return new ScenarioError([{ place: { flag }, path: formatPath(path), message }]);
}
