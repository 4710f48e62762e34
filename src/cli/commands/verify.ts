/** `unaccepted verify RECORDING...`: recordings of real kernels against the model. */

import type { Argv } from "yargs";
import { formatFidelity } from "../../report/fidelity.js";
import { formatVerifyTable } from "../../report/verify-table.js";
import { jsonDocument } from "../../results/json.js";
import { RecordingError } from "../../study/verify/recording-files.js";
import { recordingHolds, verifyRecording } from "../../study/verify/verify.js";
import type { VerifiedRecording } from "../../study/verify/verify-recording.js";
import { paintFor } from "../colour.js";
import { type CliContext, listen } from "../context.js";
import { examples, type ParsedArguments } from "../options.js";
import { print } from "../print.js";
import { openRecording } from "../read-recording.js";
import { UsageError } from "../usage-error.js";

const FORMATS = ["table", "json", "md"] as const;

/** For yargs. */
export const verifyCommand = {
  command: "verify [recording..]",
  describe: "recordings of real kernels, repeated and compared page by page",

  builder(yargs: Argv): Argv {
    return yargs
      .positional("recording", { type: "string", describe: "directories of recordings" })
      .option("format", {
        type: "string",
        requiresArg: true,
        describe: `${FORMATS.join(", ")}; table if not given`,
      })
      .option("json", { type: "boolean", describe: "the same as --format json" })
      .conflicts("json", "format")
      .epilogue(
        examples(
          "unaccepted verify workloads/recorded/linux-6.12.107-lazy-1c4g-high",
          "unaccepted verify workloads/recorded/linux-6.12.107-* --format md",
        ),
      );
  },

  /** @returns the exit code: 1 when something that must be the same is not */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const directories = [...new Set([argv.recording ?? []].flat().map(String))];
    if (directories.length === 0) throw new UsageError("expected the directory of a recording");
    const name = argv.json === true ? "json" : String(argv.format ?? "table");
    const format = FORMATS.find((known) => known === name);
    if (format === undefined) throw new UsageError(`--format ${name}: expected one of ${FORMATS.join(", ")}`);
    const recordings: VerifiedRecording[] = [];
    for (const directory of directories) {
      recordings.push(verifyDirectory(directory));
      await listen(io);
    }
    if (format === "json") {
      print(io.stdout, jsonDocument({ recordings }));
    } else {
      print(
        io.stdout,
        format === "md" ? formatFidelity(recordings) : formatVerifyTable(recordings, paintFor(io)),
      );
    }
    return recordings.every(recordingHolds) ? 0 : 1;
  },
};

function verifyDirectory(directory: string): VerifiedRecording {
  try {
    return verifyRecording(openRecording(directory));
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message);
    throw error;
  }
}
