/**
 * YAML text to checked values, with the way back from a value to its line and column. Scenario files, studies
 * and descriptions of recordings are all read through here.
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import type { z } from "zod";
import {
  type DocumentPath,
  formatPath,
  type IssuePlace,
  ScenarioError,
  type ScenarioIssue,
} from "./error.js";
import { type Finding, findingsOf } from "./findings.js";

/**
 * Reads a YAML file and checks it against a schema.
 *
 * @param text the content of the file
 * @param fileName only for messages
 * @returns what the schema makes of the file
 * @throws ScenarioError with every YAML mistake, or else every mismatch with the schema
 */
export function parseYamlWithPositions<T>(text: string, fileName: string, schema: z.ZodType<T>): T {
  const source = new YamlSource(text, fileName);
  const result = schema.safeParse(source.value);
  if (result.success) return result.data;
  const findings = findingsOf(result.error, source.value, schema);
  throw errorFor(findings, (finding) => source.placeOf(finding.path, finding.onKey));
}

/** Puts findings in the order of the file, those of flags last, and makes the error of them. */
export function errorFor(
  findings: readonly Finding[],
  placeOf: (finding: Finding) => IssuePlace,
): ScenarioError {
  const issues = findings.map(
    (finding): ScenarioIssue => ({
      place: placeOf(finding),
      path: formatPath(finding.path),
      message: finding.message,
    }),
  );
  return new ScenarioError(issues.sort(byPlace));
}

function byPlace(a: ScenarioIssue, b: ScenarioIssue): number {
  if ("flag" in a.place || "flag" in b.place) return Number("flag" in a.place) - Number("flag" in b.place);
  return a.place.line - b.place.line || a.place.column - b.place.column;
}

/** The innermost node on the way to a path. */
interface Found {
  /** Key under which the node stands; none in lists and at the root. */
  readonly key: unknown;
  readonly value: unknown;
  /** How many segments of the path lead to it. */
  readonly depth: number;
}

/** By the parser's codes, where its own sentence advises its programmer and not the author of the file. */
const PLAIN_MESSAGES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "expected one document, found a second one",
  NON_STRING_KEY: "expected a name as a key",
};

/** How lines of dmesg and of a serial console begin: `[    0.000000] `, with or without a level. */
const KERNEL_LOG = /^\uFEFF?\s*(?:<\d+>)?\[ *\d+\.\d{6}\]/;

const FOUND_KERNEL_LOG =
  "expected YAML, found the log of a kernel; describe its machine by platform, memory, vcpus and kernel";

/** One YAML 1.2 document. */
export class YamlSource {
  /** The document as plain objects, lists and scalars. */
  readonly value: unknown;
  readonly #fileName: string;
  readonly #document: Document;
  readonly #lines: LineCounter = new LineCounter();
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<unknown, Pair>>();

  /**
   * @throws ScenarioError for text that is not YAML, for repeated keys, unknown tags and
   *   aliases, more than one document, and for a file without content
   */
  constructor(text: string, fileName: string) {
    this.#fileName = fileName;
    if (KERNEL_LOG.test(text)) {
      const place = { file: fileName, line: 1, column: 1 };
      throw new ScenarioError([{ place, path: "", message: FOUND_KERNEL_LOG }]);
    }
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      // The parser compares every key with every other one.
      uniqueKeys: false,
    });
    this.#refuseProblems();
    this.value = this.#toPlainValue();
  }

  has(path: DocumentPath): boolean {
    return this.#descend(path).depth === path.length;
  }

  /**
   * Where a path stands in the text: its key if `onKey`, else its value; for a path
   * the file does not have, where the innermost mapping or list around it begins.
   */
  placeOf(path: DocumentPath, onKey: boolean): IssuePlace {
    const { key, value, depth } = this.#descend(path);
    return this.#placeOfNode(onKey && depth === path.length ? (key ?? value) : (value ?? key));
  }

  #descend(path: DocumentPath): Found {
    let found: Found = { key: undefined, value: this.#document.contents, depth: 0 };
    for (const segment of path) {
      const around = isAlias(found.value) ? found.value.resolve(this.#document) : found.value;
      const depth = found.depth + 1;
      if (isMap(around)) {
        const pair = this.#pairsOf(around).get(segment);
        if (pair === undefined) return found;
        found = { key: pair.key, value: pair.value, depth };
      } else if (isSeq(around) && typeof segment === "number" && segment < around.items.length) {
        found = { key: undefined, value: around.items[segment], depth };
      } else {
        return found;
      }
    }
    return found;
  }

  /** By key; of equal keys the first. */
  #pairsOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    const pairs = new Map(
      map.items.toReversed().flatMap((pair) => (isScalar(pair.key) ? [[pair.key.value, pair] as const] : [])),
    );
    this.#pairs.set(map, pairs);
    return pairs;
  }

  #refuseProblems(): void {
    // One mistake can break several rules of the grammar; the first one at a place says enough.
    const all = [...this.#document.errors, ...this.#document.warnings, ...this.#repeatedKeys()];
    const places = new Set<number>();
    const problems = all.filter(({ pos: [start] }) => !places.has(start) && places.add(start));
    if (problems.length > 0) {
      throw new ScenarioError(
        problems.map(({ code, message, pos }) => ({
          place: this.#placeAt(pos[0]),
          path: "",
          message: PLAIN_MESSAGES[code] ?? message,
        })),
      );
    }
    if (this.#document.contents === null) {
      throw new ScenarioError([{ place: this.#placeAt(0), path: "", message: "the file is empty" }]);
    }
  }

  #repeatedKeys(): { code: string; message: string; pos: readonly [number, number] }[] {
    const repeated: { code: string; message: string; pos: readonly [number, number] }[] = [];
    visit(this.#document, {
      Map: (_key, { items }) => {
        const seen = new Set<unknown>();
        for (const { key } of items) {
          if (!isScalar(key)) continue;
          const [start = 0, end = 0] = key.range ?? [];
          if (seen.has(key.value)) {
            repeated.push({ code: "DUPLICATE_KEY", message: "Map keys must be unique", pos: [start, end] });
          }
          seen.add(key.value);
        }
      },
    });
    return repeated;
  }

  #toPlainValue(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      // The parser leaves aliases alone; an unknown or an explosive one shows up only here.
      if (!(error instanceof ReferenceError)) throw error;
      const place = this.#placeOfNode(this.#unknownAlias() ?? this.#document.contents);
      throw new ScenarioError([{ place, path: "", message: error.message }]);
    }
  }

  #unknownAlias(): unknown {
    let unknown: unknown;
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) !== undefined) return undefined;
        unknown = alias;
        return visit.BREAK;
      },
    });
    return unknown;
  }

  #placeOfNode(node: unknown): IssuePlace {
    return this.#placeAt((node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0);
  }

  #placeAt(offset: number): IssuePlace {
    const { line, col } = this.#lines.linePos(offset);
    // An empty text has no first line for the counter.
    return { file: this.#fileName, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
