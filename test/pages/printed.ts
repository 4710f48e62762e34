/**
 * What pages show of the program: each `sh` block of one command, followed by what it prints, as a `text`
 * block, or as a table with the sentence in front of it.
 */

import { readFileSync } from "node:fs";

/** Pages whose blocks are printed. */
export const PAGES: readonly string[] = ["README.md", "results/README.md", "workloads/README.md"];

/** A command of a page and what the page says it prints. */
export interface PrintedBlock {
  readonly page: string;
  readonly command: string;
  /** Words after the program's name. */
  readonly argv: readonly string[];
  /** As many lines of the output as the page shows, where it cuts them. */
  readonly lines: number;
  readonly output: string;
}

const PROGRAM = "npm run -s unaccepted -- ";
const BLOCK =
  /```sh\n((?:(?!```).)+)\n```\n\n(?:```text\n((?:(?!```).)*)```|((?:\w[^\n]*\n\n)?(?:\|[^\n]*\n)+))/gs;
const CUT = / \| head -(\d+)$/;

/** All blocks of a page, in its order. */
export function printedBlocks(page: string, text: string = readFileSync(page, "utf8")): PrintedBlock[] {
  return [...text.matchAll(BLOCK)].map(([, written, fenced, table]) => {
    const command = written!.replace(/\s*\\\n\s*/g, " ");
    if (!command.startsWith(PROGRAM)) throw new Error(`${page}: "${command}" does not start with ${PROGRAM}`);
    return {
      page,
      command,
      argv: wordsOf(command.slice(PROGRAM.length).replace(CUT, "")),
      lines: Number(CUT.exec(command)?.[1] ?? Number.POSITIVE_INFINITY),
      output: fenced ?? table!,
    };
  });
}

/** The page with other output below its commands, in order. */
export function withOutputs(text: string, outputs: readonly string[]): string {
  let next = 0;
  return text.replaceAll(BLOCK, (block: string, _command: string, fenced?: string, table?: string) => {
    const output = outputs[next++]!;
    const old = fenced === undefined ? table! : `\`\`\`text\n${fenced}\`\`\``;
    return (
      block.slice(0, block.length - old.length) +
      (fenced === undefined ? output : `\`\`\`text\n${output}\`\`\``)
    );
  });
}

/** What a page shows of an output. */
export function shown({ lines }: PrintedBlock, stdout: string): string {
  if (lines === Number.POSITIVE_INFINITY) return stdout;
  return stdout
    .split("\n")
    .slice(0, lines)
    .map((line) => `${line}\n`)
    .join("");
}

/** Splits as a shell does, for words without quotes or within single quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
}
