/**
 * Builds dist/ if a source is newer: beside it, to be put in its place whole, so that nothing is rewritten
 * under a command that runs, and any number of these may run at once. Nothing goes to stdout, which is the
 * command's. Not in src, because it makes what src is built to.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { bundledLicenses } from "./bundled-licenses.js";
import { prepareRecordings } from "./prepare-recordings.js";

process.chdir(join(import.meta.dirname, ".."));

/** A directory is newer than its build when a file in it came, went or was renamed. */
const sources = ["package.json", "package-lock.json", "tsconfig.json"].concat(
  ["src", ".ci"].flatMap((directory) => [
    directory,
    ...readdirSync(directory, { recursive: true, encoding: "utf8" }).map((path) => join(directory, path)),
  ]),
);

function isFresh() {
  const built = statSync("dist", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((path) => statSync(path).mtimeMs < built);
}

/** What is left where a compiler is interrupted is taken away below. */
process.on("SIGINT", () => {});

/** @returns the exit code */
async function run(program, ...words) {
  const child = spawn(program, words, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PATH: resolve("node_modules/.bin") + delimiter + process.env.PATH },
  });
  return new Promise((done, failed) => child.on("exit", (code) => done(code ?? 130)).on("error", failed));
}

/** The page that simulates in a browser: classic scripts, which pages from files can load, too. */
const PAGE = [
  "page=src/explorer/page/main.tsx",
  "page=src/explorer/page/page.css",
  "--jsx=automatic",
  "--jsx-import-source=preact",
];
/** Its worker is a function whose text the page makes a worker of. */
const WORKER = ["worker=src/explorer/worker.ts", "--banner:js=function unacceptedWorker(){", "--footer:js=}"];

/** The bundle of main.ts goes to the place of what the compiler makes of it. */
async function compileAndBundle(directory) {
  const code = await run("tsc", "-p", "tsconfig.json", "--outDir", directory);
  if (code !== 0) return code;
  for (const name of ["main.js", "main.js.map"]) rmSync(`${directory}/cli/${name}`);
  return run(process.execPath, ".ci/bundle-command-line.js", directory);
}

function bundle(directory, name, words) {
  return run(
    "esbuild",
    ...words,
    `--metafile=${partsOf(directory, name)}`,
    `--outdir=${directory}/explorer`,
    "--bundle",
    "--minify",
    "--format=iife",
    "--target=es2022",
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
  );
}

/** Where the bundler tells what a bundle is made of. */
function partsOf(directory, name) {
  return `${directory}/${name}.parts.json`;
}

/** Beside the bundles, whose parts are then forgotten. */
function writeLicenses(directory, room, names) {
  const files = names.map((name) => partsOf(directory, name));
  const parts = files.map((path) => JSON.parse(readFileSync(path, "utf8")));
  writeFileSync(`${directory}/${room}/licenses.txt`, bundledLicenses(parts));
  for (const path of files) rmSync(path);
}

async function build(directory) {
  const bundles = { page: PAGE, worker: WORKER };
  const codes = await Promise.all([
    compileAndBundle(directory),
    ...Object.entries(bundles).map(([name, words]) => bundle(directory, name, words)),
  ]);
  const code = Math.max(...codes);
  if (code !== 0) return code;
  copyFileSync("src/explorer/page/index.html", `${directory}/explorer/index.html`);
  writeLicenses(directory, "explorer", Object.keys(bundles));
  writeLicenses(directory, "cli", ["main", "program"]);
  await prepareRecordings(directory);
  return code;
}

if (!isFresh()) {
  const begin = new Date();
  // As deep as dist, which the source maps count on.
  const next = `.dist-${randomUUID()}`;
  const last = `${next}-last`;
  try {
    process.exitCode = await build(next);
    if (process.exitCode === 0 && !isFresh()) {
      utimesSync(next, begin, begin);
      if (statSync("dist", { throwIfNoEntry: false }) !== undefined) renameSync("dist", last);
      renameSync(next, "dist");
    }
  } catch (error) {
    // Another one of these was first at one of the two places.
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(error.code) || !isFresh()) throw error;
  } finally {
    for (const directory of [next, last]) rmSync(directory, { recursive: true, force: true });
  }
}
