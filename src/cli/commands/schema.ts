/** `unaccepted schema`: what files may say and results mean, as JSON Schema for editors and other programs. */

import { z } from "zod";
import { resultsSchema } from "../../results/schema.js";
import { scenarioSchema } from "../../scenario/scenario.js";
import { studySchema } from "../../study/sweep/study-file.js";
import type { Arguments } from "../arguments.js";
import { SCHEMA_NAMES } from "../flags.js";
import { type CliContext, print } from "../io.js";
import { UsageError } from "../usage-error.js";

const SCHEMAS: Readonly<Record<(typeof SCHEMA_NAMES)[number], () => object>> = {
  scenario: () => z.toJSONSchema(scenarioSchema()),
  study: () => z.toJSONSchema(studySchema),
  results: () => resultsSchema(),
};

/** @returns the exit code */
export async function run({ files }: Arguments, { io }: CliContext): Promise<number> {
  const given = files[0] ?? SCHEMA_NAMES[0];
  const name = SCHEMA_NAMES.find((known) => known === given);
  if (name === undefined) throw new UsageError(`schema ${given}: expected ${SCHEMA_NAMES.join(" or ")}`);
  print(io.stdout, `${JSON.stringify(SCHEMAS[name](), undefined, 2)}\n`);
  return 0;
}
