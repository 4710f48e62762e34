import type { Surroundings } from "../../../src/report/page/part.js";
import type { ResultDocument } from "../../../src/report/pictures/documents.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";

/** A program that comes with little. */
export const AROUND: Surroundings = {
  version: "1.2.3",
  scenarios: ["boot"],
  workloads: ["idle"],
  recordings: [],
  pricesNamed: () => undefined,
};

/** Two policies on one input, and one that found no memory. */
export function comparison(file = "rows.json"): ResultDocument {
  const eager = { policy: "eager", bootTimeNs: 44_000_000_000, overheadBytes: 60 * GiB, bootRatio: 1 };
  return {
    file,
    kind: "rows",
    rows: [
      rowWith({ paretoOptimal: true, bootRatio: 8 }),
      rowWith(eager),
      rowWith({ policy: "background", outcome: "oom", reason: "no free page", bootRatio: null }),
    ],
  };
}

/** Start tags with their attributes, in order; entities in them are resolved. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Until the next tag. */
  readonly text: string;
}

/** A page's tags, by the rules that hold for pages of ours: every attribute is quoted, and `<` begins a tag. */
export function tagsOf(page: string): Tag[] {
  const body = page.replace(/<style>.*?<\/style>/s, "");
  return Array.from(body.matchAll(/<([a-z][\w-]*)([^>]*)>([^<]*)/gi), ([, name, attributes, text]) => ({
    name: name!.toLowerCase(),
    attributes: Object.fromEntries(
      Array.from(attributes!.matchAll(/([\w:-]+)="([^"]*)"/g), ([, key, value]) => [key!, resolved(value!)]),
    ),
    text: resolved(text!),
  }));
}

function resolved(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
