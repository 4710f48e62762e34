/** How the kernel cuts its command line into words (lib/cmdline.c: next_arg, Linux 6.12). */

/** One word, such as `swiotlb=65536`. */
export interface Word {
  /** As written. */
  readonly text: string;
  /** What stands before `=`, with underscores for dashes, which the kernel does not tell apart (parameq). */
  readonly name: string;
  /** What stands behind `=` without its quotes; undefined for a word without one. */
  readonly value: string | undefined;
}

/** The words up to `--`, where those of init begin. Blanks between quotes belong to a word. */
export function commandLineWords(line: string): Word[] {
  const words: Word[] = [];
  for (const [text] of line.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    if (text === "--") break;
    const bare = text.replaceAll('"', "");
    const equals = bare.indexOf("=");
    const name = equals < 0 ? bare : bare.slice(0, equals);
    words.push({
      text,
      name: name.replaceAll("-", "_"),
      value: equals < 0 ? undefined : bare.slice(equals + 1),
    });
  }
  return words;
}

/** The values of all words of a name, in order; `""` for a word without one. */
export function valuesOf(words: readonly Word[], name: string): string[] {
  return words.filter((word) => word.name === name).map(({ value }) => value ?? "");
}
