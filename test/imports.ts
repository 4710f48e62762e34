import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Every source file that one leads to by its imports, with what it imports from elsewhere.
 *
 * @param follow all imports, or those that a program follows when it runs
 */
export function importsFrom(entry: string, follow: "all" | "values"): Map<string, string[]> {
  const begin = follow === "all" ? "" : "(?!type )";
  const pattern = new RegExp(`^(?:import|export) ${begin}[^;]*?from "(.*)";$`, "gm");
  const foreign = new Map<string, string[]>();
  const visit = (file: string): void => {
    if (foreign.has(file)) return;
    const specifiers = [...readFileSync(file, "utf8").matchAll(pattern)].map(([, specifier]) => specifier!);
    foreign.set(
      file,
      specifiers.filter((specifier) => !specifier.startsWith(".")),
    );
    for (const specifier of specifiers) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier.replace(/\.js$/, ".ts")));
    }
  };
  visit(entry);
  return foreign;
}
