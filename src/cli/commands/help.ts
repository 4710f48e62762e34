/** `unaccepted help [TOPIC]`: a command, or what words mean. */

import { nearestName } from "../../nearest-name.js";
import type { RunCommand } from "../arguments.js";
import { commandHelp, groupHelp, listLines, programHelp } from "../help.js";
import { paintFor, print } from "../io.js";
import { TOPICS, topicText } from "../topics.js";
import { UsageError } from "../usage-error.js";

export const run: RunCommand = async ({ files }, { io, commands }) => {
  const all = commands.flatMap((command) =>
    "actions" in command ? [command, ...command.actions] : [command],
  );
  const paint = paintFor(io);
  print(io.stdout, `${await textFor(files.join(" "))}\n`);
  return 0;

  async function textFor(wanted: string): Promise<string> {
    if (wanted === "") {
      const topics = listLines(
        TOPICS.map(({ name, summary }) => [name, summary]),
        paint,
      );
      return [await programHelp(commands, paint), ["Topics of unaccepted help:", ...topics].join("\n")].join(
        "\n\n",
      );
    }
    const topic = TOPICS.find(({ name }) => name === wanted);
    if (topic !== undefined) return topicText(topic, paint);
    const command = all.find(({ name }) => name === wanted);
    if (command === undefined)
      throw unknown(
        wanted,
        all.map(({ name }) => name),
      );
    return "actions" in command ? groupHelp(command, paint) : commandHelp(command, paint);
  }
};

function unknown(wanted: string, commands: readonly string[]): UsageError {
  const nearest = nearestName(wanted, [...TOPICS.map(({ name }) => name), ...commands]);
  return new UsageError(
    nearest === undefined
      ? `help ${wanted}: expected a command or one of ${TOPICS.map(({ name }) => name).join(", ")}`
      : `help ${wanted}: no such topic, did you mean ${nearest}?`,
  );
}
