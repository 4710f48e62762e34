/** What a VMM is told of the guest's kernel, as keys of a scenario: its command line and the name of its image. */

import { wordEffect } from "../command-line/catalogue.js";
import { commandLineWords } from "../command-line/words.js";
import { edk2VersionOf } from "../firmware/edk2.js";
import { kernelOf } from "../scenario/texts.js";
import { checkCommandLine } from "../x86/check-command-line.js";
import { type Findings, short } from "./findings.js";

/**
 * States a command line of the kernel. `accept_memory=` is a policy; words that a scenario refuses are left out, each
 * with its reason.
 *
 * @param more how the line follows, where the text does not have it as a whole
 */
export function stateCommandLine(findings: Findings, text: string, line: number, more?: string): void {
  const kept: string[] = [];
  for (const word of commandLineWords(text)) {
    if (word.name === "accept_memory") {
      findings.says("policy", word.value === "eager" ? "eager" : "lazy", line, word.text);
      continue;
    }
    const effect = wordEffect(word.name, word.value);
    const why = effect?.does === "refused" ? effect.why : checkCommandLine(word.text)?.message;
    if (why === undefined) kept.push(word.text);
    else findings.remark(line, `${short(word.text)}: left out of guest.commandLine, ${why}`);
  }
  if (kept.length > 0) findings.says("guest.commandLine", kept.join(" "), line, text, more);
}

/** States a release where the name of a kernel's file ends with one, as distributions name them: `vmlinuz-6.8.0-31-generic`. */
export function stateKernelFile(findings: Findings, path: string, line: number): void {
  const [, release] =
    /(?:vmlinu[xz]|bzImage|kernel)-v?(\d+\.\d[^/]*?)(?:\.(?:efi|img|unpacked|container))?$/.exec(path) ?? [];
  const name = release === undefined ? undefined : kernelOf(release);
  if (name !== undefined) findings.says("kernel", name, line, path, "the name of the kernel's file");
  else if (release !== undefined)
    findings.remark(line, `${short(path)}: no release from 6.5 on, which kernel has to be`);
  else
    findings.remark(line, `${short(path)}: the name of the file does not say which release of Linux it is`);
}

/** An initrd is given as a file, whose size the text does not have. */
export function remarkInitrd(findings: Findings, path: string, line: number): void {
  findings.remark(
    line,
    `${short(path)}: the initrd is in memory while the guest boots, and the text does not say how large it is`,
  );
}

/** Names of firmware images that say what is in them, in the order in which they are looked for. */
const IMAGES: readonly (readonly [name: RegExp, key: string, value: string])[] = [
  [/td-?shim|shim[^/]*\.bin$/i, "firmware.preset", "td-shim"],
  [/inteltdx|tdvf/i, "firmware.flavour", "inteltdx"],
  [/amdsev/i, "firmware.flavour", "amdsev"],
];

/** States what the name of a firmware image says of it. */
export function stateFirmwareFile(findings: Findings, path: string, line: number): void {
  const image = IMAGES.find(([name]) => name.test(path));
  if (image !== undefined) findings.says(image[1], image[2], line, path, NAMED);
  const [, year, month] = /(20\d\d)[.-]?(0[1-9]|1[0-2])(?:\D|\d\d\D|$)/.exec(path) ?? [];
  const version = edk2VersionOf(`${year}.${month}`);
  if (version !== undefined) findings.says("firmware.version", version, line, path, NAMED);
  else if (image?.[2] !== "td-shim")
    findings.remark(
      line,
      `${short(path)}: the name of the file does not say which release of edk2 it is (firmware.version)`,
    );
}

const NAMED = "the name of the firmware's file";
