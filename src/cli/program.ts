/** All that commands do. Built, it is one script, of which V8 keeps what it compiled: `compiled-program.ts`. */

import { loadZstd } from "../workload-files/zstd.js";
import type { Arguments, Command } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import type { World } from "./io.js";
import { parseWords } from "./parser.js";
import type { beginWork } from "./pool/begin-work.js";
import { reported } from "./reported.js";

export interface Program {
  /**
   * Runs a command.
   *
   * @param name such as `run` or `trace import`
   * @param words that were typed after it
   * @returns the exit code
   */
  readonly runCommand: (name: string, words: readonly string[], world: World) => Promise<number>;
  /** Loads what a thread of the pool does. */
  readonly loadWork: () => Promise<{ readonly beginWork: typeof beginWork }>;
}

export const loadWork: Program["loadWork"] = () => import("./pool/begin-work.js");

export const runCommand: Program["runCommand"] = (name, words, world) =>
  reported(world.io, () => {
    const all = COMMANDS.flatMap((one): readonly Command[] => ("actions" in one ? one.actions : [one]));
    const command = all.find((one) => one.name === name)!;
    return run(command, parseWords(words, command), world);
  });

async function run(command: Command, argv: Arguments, world: World): Promise<number> {
  const [loaded] = await Promise.all([command.load(), loadZstd()]);
  const context = {
    io: world.io,
    runScenario: world.runScenario ?? (await import("../study/run-scenario.js")).runScenario,
    isEverywhere: world.runScenario === undefined,
    policyFiles: [],
    commands: COMMANDS,
  };
  if (!argv.has("policy") && !argv.has("baseline")) return loaded.run(argv, context);
  const { loadPolicies } = await import("./policy-files.js");
  const { argv: named, files, forget } = await loadPolicies(argv);
  try {
    return await loaded.run(named, { ...context, policyFiles: files });
  } finally {
    forget();
  }
}
