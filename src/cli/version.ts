import { readFileSync } from "node:fs";

/** Of the package that this file belongs to, built or not. */
export const PACKAGE: URL = new URL("../../", import.meta.url);

/** Where files of this room are that threads begin with, built or not. */
export const PROGRAM: URL = new URL("./", import.meta.url);

export function packageVersion(): string {
  const text = readFileSync(new URL("package.json", PACKAGE), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
