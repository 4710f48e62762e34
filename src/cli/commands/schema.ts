/** `unaccepted schema`: JSON Schema of files and results, for editors and other programs. */

import { z } from "zod";
import { priceSetSchema } from "../../coco/price-set.js";
import { resultsSchema } from "../../results/schema.js";
import { scenarioSchema } from "../../scenario/scenario.js";
import { studySchema } from "../../study/sweep/study-file.js";
import type { RunCommand } from "../arguments.js";
import { SCHEMA_NAMES } from "../flags.js";
import { print } from "../io.js";
import { UsageError } from "../usage-error.js";

const SCHEMAS: Readonly<Record<(typeof SCHEMA_NAMES)[number], () => object>> = {
  scenario: () => z.toJSONSchema(scenarioSchema()),
  study: () => z.toJSONSchema(studySchema),
  prices: () => z.toJSONSchema(priceSetSchema()),
  results: () => resultsSchema(),
};

export const run: RunCommand = async ({ files }, { io }) => {
  const given = files[0] ?? SCHEMA_NAMES[0];
  const name = SCHEMA_NAMES.find((known) => known === given);
  if (name === undefined) throw new UsageError(`schema ${given}: expected ${SCHEMA_NAMES.join(" or ")}`);
  print(io.stdout, `${JSON.stringify(SCHEMAS[name](), undefined, 2)}\n`);
  return 0;
};
