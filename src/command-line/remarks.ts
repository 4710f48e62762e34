/** What a run says about words of its command line. */
import { wordEffect } from "./catalogue.js";
import type { Word } from "./words.js";

/** A line for each word without the effect that it would have in a kernel; each word once. */
export function ignoredWords(words: readonly Word[]): string[] {
  const lines = words.flatMap(({ text, name, value }) => {
    const effect = wordEffect(name, value);
    if (effect === undefined) return [`ignored: ${text}`];
    if (effect.does === "acts" && effect.without !== undefined) return [`${text}: ${effect.without}`];
    return effect.does === "ignored" ? [`ignored: ${text}: ${effect.why}`] : [];
  });
  return [...new Set(lines)];
}
