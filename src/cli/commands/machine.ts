/** `unaccepted machine`: a scenario from what a machine shows, and a run of it beside that. */

import { basename } from "node:path";
import { checkMachine, holds, type MachineCheck } from "../../machine/check.js";
import { chooseMap } from "../../machine/choose-map.js";
import { type Evidence, evidenceOf } from "../../machine/evidence.js";
import { contradictionText, join, type NamedReading } from "../../machine/join.js";
import { MACHINE_READERS, readersOf } from "../../machine/readers.js";
import { settle } from "../../machine/settle.js";
import { MachineError } from "../../machine/statement.js";
import { printableAll } from "../../printable.js";
import { formatMachineCheck, formatMachineCheckJson } from "../../report/machine-check.js";
import { formatImportRemarks, formatMachineScenario } from "../../report/machine-import.js";
import { GuestEnded } from "../../sim/guest-ended.js";
import { type RunCommand, STDIN_PATH } from "../arguments.js";
import { STANDARD_WORKLOAD } from "../bundled.js";
import { inputName, inputPosition, readInputChunks, TEXT_BYTES_MAX } from "../input-file.js";
import { paintFor, print } from "../io.js";
import { type LoadedScenario, loadScenarios } from "../load.js";
import { sharedOptions } from "../options.js";
import { writeWhole } from "../output-file.js";
import { UsageError } from "../usage-error.js";

/** `machine import`: what texts say of one machine becomes a scenario. */
export const importMachine: RunCommand = async (argv, { io }) => {
  const paths = argv.files;
  if (paths.length === 0) throw new UsageError("expected a file that shows a machine, or - for stdin");
  const readings: NamedReading[] = [];
  for (const { name, text } of await readTexts(paths, io.interrupted)) readings.push(readingOf(name, text));
  const { joined, contradictions } = join(readings);
  if (contradictions.length > 0) {
    const texts = contradictions.map(contradictionText);
    throw new UsageError(`files of one machine contradict each other: ${texts.join("; ")}`);
  }
  const output = argv.one("output");
  const frame = { name: nameFor(output ?? paths[0]!), workload: STANDARD_WORKLOAD };
  const chosen = chooseMap(joined, argv.has("exact"));
  const settled = located(paths.map(inputName).join(", "), () => settle(chosen.joined, frame));
  const remarks = [
    ...chosen.remarks,
    ...readings.flatMap(({ file, remarks }) => remarks.map((remark) => ({ ...remark, file }))),
  ];
  const command = [
    "unaccepted machine import",
    ...paths.map((path) => (path === STDIN_PATH ? "-" : path)),
  ].join(" ");
  const scenario = formatMachineScenario(settled, remarks, command);
  if (output === undefined) print(io.stdout, scenario);
  else writeWhole(output, scenario);
  if (!argv.has("quiet")) {
    print(io.stderr, formatImportRemarks(settled, remarks));
    if (output !== undefined) print(io.stderr, `wrote ${output}; try unaccepted run ${output}\n`);
  }
  return 0;
};

/** `machine check`: a run of a scenario beside what a guest showed. @returns 1 where a difference has no explanation */
export const check: RunCommand = async (argv, context) => {
  const { io } = context;
  const [path, ...more] = argv.files;
  if (path === undefined || more.length > 0) throw new UsageError("expected one scenario file");
  const against = argv.all("against");
  if (against.length === 0) throw new UsageError("expected --against, what a guest showed of its boot");
  const evidence = evidenceIn(await readTexts(against, io.interrupted));
  const { assignments } = sharedOptions(argv);
  const loaded = loadScenarios([path], assignments);
  const [only, ...others] = loaded;
  if (others.length > 0) throw new UsageError(`${path}: makes ${loaded.length} runs, and a log is of one`);
  const result = checkedMachine(path, only!, evidence);
  print(
    io.stdout,
    argv.has("json")
      ? formatMachineCheckJson(result)
      : formatMachineCheck(printableAll(result), paintFor(io)),
  );
  return holds(result) ? 0 : 1;
};

function checkedMachine(
  path: string,
  { scenario, recording }: LoadedScenario,
  evidence: Evidence,
): MachineCheck {
  try {
    return checkMachine(scenario, recording, evidence);
  } catch (error) {
    if (error instanceof GuestEnded)
      throw new UsageError(`${path}: its kernel does not start: ${error.message}`);
    throw error;
  }
}

function evidenceIn(texts: readonly NamedText[]): Evidence {
  const all: Partial<Record<keyof Evidence, { file: string; content: never }>> = {};
  for (const { name, text } of texts) {
    const found = located(name, () => evidenceOf(text));
    if (found === undefined)
      throw new UsageError(
        `${name}: expected a boot log, or meminfo, zoneinfo, vmstat or iomem of /proc, found none of these`,
      );
    for (const [kind, content] of Object.entries(found)) {
      const known = all[kind as keyof Evidence];
      if (known !== undefined) throw new UsageError(`${name}: expected one ${kind}, found ${known.file} too`);
      all[kind as keyof Evidence] = { file: name, content: content as never };
    }
  }
  return {
    log: undefined,
    meminfo: undefined,
    zoneinfo: undefined,
    vmstat: undefined,
    iomem: undefined,
    ...all,
  };
}

function nameFor(path: string): string {
  const name = basename(inputName(path)).replace(/(\.(ya?ml|gz|zst|txt|log|dmesg|sh|xml|json|toml))+$/, "");
  return name === "" ? "machine" : name;
}

function readingOf(file: string, text: string): NamedReading {
  const [reader, ...others] = readersOf(text);
  if (reader === undefined) {
    const kinds = MACHINE_READERS.map(({ kind }) => kind).join(", ");
    throw new UsageError(`${file}: expected a text that shows a machine (${kinds}), found none of these`);
  }
  const { statements, remarks } = located(file, () => reader.read(text));
  const more = others.map(({ kind, what }) => ({
    line: 1,
    text: `read as ${reader.kind}, and has words of ${kind} as well: give ${what} as a file of its own`,
  }));
  return { file, statements, remarks: [...more, ...remarks] };
}

function located<Result>(file: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof MachineError) throw new UsageError(`${file}:${error.message}`);
    throw error;
  }
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** @throws UsageError, TraceError for a packed file that is damaged */
async function readTexts(paths: readonly string[], interrupted: AbortSignal): Promise<NamedText[]> {
  if (paths.filter((path) => path === STDIN_PATH).length > 1)
    throw new UsageError("stdin can be read only once");
  const texts: NamedText[] = [];
  for (const path of paths) {
    const name = inputName(path);
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of readInputChunks(path, inputPosition(path), interrupted)) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > TEXT_BYTES_MAX)
        throw new UsageError(
          `${name}: expected a text of at most ${TEXT_BYTES_MAX} characters, found a longer one`,
        );
    }
    texts.push({ name, text: text + decoder.decode() });
  }
  return texts;
}
