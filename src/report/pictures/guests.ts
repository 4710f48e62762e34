/** Guests that were tuned, and what tells one from another. */

import { formatVcpus } from "../cells.js";
import type { ResultDocument, TunedGuest } from "./documents.js";
import { sizeText } from "./panels.js";

const PARTS: readonly ((guest: TunedGuest, file: string) => string)[] = [
  ({ platform }) => platform,
  ({ memoryBytes }) => sizeText(memoryBytes),
  ({ vcpus }) => formatVcpus(vcpus),
  ({ policy }) => policy,
  ({ kernel }) => `Linux ${kernel}`,
  ({ prices }) => `prices ${prices}`,
  ({ workload }) => `workload ${workload}`,
  ({ objective }) => objective,
  (_guest, file) => file,
];

export interface GuestPanel {
  readonly guest: TunedGuest;
  /** Its own; empty where there is one guest only. */
  readonly title: string;
}

/** All guests of all results; those that agree in everything are numbered. */
export function guestPanels(results: readonly ResultDocument[]): GuestPanel[] {
  const all = results.flatMap((result) =>
    result.kind === "tune" ? result.guests.map((guest) => ({ guest, file: result.file })) : [],
  );
  const textOf = (part: (typeof PARTS)[number]) => all.map(({ guest, file }) => part(guest, file));
  // As many parts as it takes, the most telling first.
  const telling = PARTS.slice(0, -1)
    .map(textOf)
    .filter((texts) => new Set(texts).size > 1);
  const titled = (parts: readonly (readonly string[])[]): string[] =>
    all.map((_guest, at) => parts.map((texts) => texts[at]!).join(", "));
  const isTold = new Set(titled(telling)).size === all.length;
  const titles = titled(isTold ? telling : [...telling, textOf(PARTS.at(-1)!)]);
  const seen = new Map<string, number>();
  return all.map(({ guest }, at) => {
    const title = titles[at]!;
    const number = (seen.get(title) ?? 0) + 1;
    seen.set(title, number);
    return { guest, title: number === 1 ? title : `${title} (${number})` };
  });
}
