/** Commands that show results, or make them as one looks: a picture, a page, a page that simulates. */

import { type Command, text } from "./arguments.js";
import { output, quiet, scenarioNames } from "./flags.js";

async function pictureNames(): Promise<string[]> {
  const { PICTURES } = await import("../report/pictures/pictures.js");
  return PICTURES.map(({ name }) => name);
}

export const SHOW_COMMANDS: readonly Command[] = [
  {
    name: "plot",
    describe: "a picture of results, as SVG or PNG",
    files: {
      name: "results",
      describe:
        "JSON of run, compare, sweep, tune, largest, verify or validate, or a file of run --map, one or more; or the directory that sweep --out wrote",
      isList: true,
      required: "a result file, such as compare --json prints it",
    },
    flags: {
      output: output("the file to write, NAME.svg or NAME.png", {
        required: "expected -o, the file to write: NAME.svg or NAME.png",
      }),
      picture: text("what to draw, as unaccepted help pictures lists it; the most fitting if not given", {
        takes: "NAME",
        offers: pictureNames,
      }),
      theme: text("light or dark; light if not given", {
        takes: "NAME",
        offers: async () => ["light", "dark"],
      }),
    },
    examples: [
      "unaccepted plot results/boot.json -o boot.svg",
      "unaccepted plot results/boot.json --picture phases -o phases.png",
      "unaccepted plot results/tune/tdx.json results/tune/snp.json -o tune-dark.svg --theme dark",
    ],
    load: () => import("./commands/plot.js"),
  },
  {
    name: "report",
    describe: "results as one HTML page: in words, pictures and numbers, and where these come from",
    files: {
      name: "results",
      describe:
        "JSON of run, compare, tune, largest, sweep, verify or validate, a file of run --map, or a directory that --out filled",
      isList: true,
      required: "a result file, such as compare --json prints it, or a directory that --out filled",
    },
    flags: {
      output: output("the HTML file to write; report.html in the directory if only one is given"),
      ...quiet(),
    },
    examples: [
      "unaccepted report results/boot.json -o boot.html",
      "unaccepted report results/tune/tdx.json results/tune/snp.json -o tune.html",
      "unaccepted report lazy-map.json eager-map.json -o maps.html",
      "unaccepted report sweep-results",
    ],
    load: () => import("./commands/report.js"),
  },
  {
    name: "explore",
    describe: "a page in your browser that simulates while you choose and move sliders",
    files: {
      name: "file",
      describe: "scenarios, results or traces for the page to open",
      isList: true,
      offers: scenarioNames,
    },
    flags: {
      build: text("write the page as files instead, for any web server and for file://", { takes: "DIR" }),
      ...quiet(),
    },
    examples: [
      "unaccepted explore",
      "unaccepted explore results/boot.json",
      "unaccepted explore --build public/explore",
    ],
    load: () => import("./commands/explore.js"),
  },
];
