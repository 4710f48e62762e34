/** Bundles the command line into the directory that is named: a process of its own, which Ctrl-C ends. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";

const [, , directory] = process.argv;

/**
 * Of yargs its parser is used. The rest of its helpers does nothing unless it is called, but does not say so, and
 * takes 45 ms of CPU to load.
 */
const PARSER_ALONE = {
  name: "parser of yargs",
  setup(bundler) {
    bundler.onResolve({ filter: /platform-shims\/esm\.mjs$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: false,
    }));
  },
};

const USUAL = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
  plugins: [PARSER_ALONE],
};

/** What commands do, as one script: a file loads faster than some hundred, and V8 keeps what it compiled of it. */
const PROGRAM = {
  entryPoints: ["src/cli/program.ts"],
  format: "cjs",
  define: { "import.meta.url": "programUrl" },
  // Those that have files of their own, and those that only pictures need.
  external: ["piscina", "@resvg/resvg-wasm", "vega", "vega-lite", "vega-interpreter"],
};

/**
 * What needs no command, such as help and mistakes in flags, as one file, in the place of what the compiler makes of
 * the same. What only commands need is imported where it is wanted, from the files of the compiler beside it.
 */
const MAIN = {
  entryPoints: ["src/cli/main.ts"],
  format: "esm",
  external: [
    ...["program", "compiled-program", "ticker", "bundled", "topics", "commands/*"].map(
      (name) => `./${name}.js`,
    ),
    ...["coco", "machine", "policy", "report/pictures", "workload/generators"].map((room) => `../${room}/*`),
  ],
};

async function bundle(name, file, options) {
  const outfile = `${directory}/cli/${file}`;
  const { metafile } = await build({ ...USUAL, ...options, outfile, metafile: true });
  writeFileSync(`${directory}/${name}.parts.json`, JSON.stringify(metafile));
  return outfile;
}

try {
  await bundle("main", "main.js", MAIN);
  const program = await bundle("program", "program.cjs", PROGRAM);
  // A script that V8 has compiled before cannot import modules; who loads it does so for it.
  writeFileSync(program, readFileSync(program, "utf8").replaceAll(/\bimport\(/g, "importModule("));
} catch {
  // The bundler has said why.
  process.exitCode = 1;
}
