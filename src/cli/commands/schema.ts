/** `unaccepted schema`: what files may say and results mean, as JSON Schema for editors and other programs. */

import type { Argv } from "yargs";
import { z } from "zod";
import { resultsSchema } from "../../results/schema.js";
import { scenarioSchema } from "../../scenario/scenario.js";
import { studySchema } from "../../study/sweep/study-file.js";
import type { CliContext } from "../context.js";
import { examples, type ParsedArguments } from "../options.js";
import { print } from "../print.js";
import { UsageError } from "../usage-error.js";

/** Schemas by the name of what they describe; the first one is printed where none is named. */
const SCHEMAS: Readonly<Record<string, () => object>> = {
  scenario: () => z.toJSONSchema(scenarioSchema),
  study: () => z.toJSONSchema(studySchema),
  results: () => resultsSchema(),
};

const NAMES: readonly string[] = Object.keys(SCHEMAS);

/** For yargs. */
export const schemaCommand = {
  command: "schema [of]",
  describe: "JSON Schema of scenario files, of study files, or of results",

  builder(yargs: Argv): Argv {
    return yargs
      .positional("of", { type: "string", describe: `${NAMES.join(" or ")}; default ${NAMES[0]}` })
      .epilogue(
        examples(
          "unaccepted schema > scenario.schema.json",
          "unaccepted schema study",
          "unaccepted schema results",
        ),
      );
  },

  /** @returns the exit code */
  run({ of = NAMES[0] }: ParsedArguments, { io }: CliContext): Promise<number> {
    const name = String(of);
    if (!NAMES.includes(name)) throw new UsageError(`schema ${name}: expected ${NAMES.join(" or ")}`);
    print(io.stdout, `${JSON.stringify(SCHEMAS[name]!(), undefined, 2)}\n`);
    return Promise.resolve(0);
  },
};
