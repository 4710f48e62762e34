/** Texts as words of a command line. */

/** Characters that no shell takes for anything else. */
const PLAIN = /^[\w@%+:,./-]+$|^[\w@%+:,./-]+=[\w@%+:,./-]*$/;

const CONTROL = /\p{Cc}/u;

/**
 * A text as one word for a POSIX shell. Where it has control characters, which a terminal would obey as the
 * command is pasted, they are written as escapes (POSIX.1-2024, 2.2.4: dollar-single-quotes).
 */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!CONTROL.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = Array.from(text, (character) => {
    if (character === "'" || character === "\\") return `\\${character}`;
    return CONTROL.test(character) ? octals(character) : character;
  });
  return `$'${escaped.join("")}'`;
}

function octals(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
  ).join("");
}
