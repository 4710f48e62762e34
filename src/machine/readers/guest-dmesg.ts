/** A guest's boot log as statements about its machine. */

import { wordEffect } from "../../command-line/catalogue.js";
import { commandLineWords, type Word } from "../../command-line/words.js";
import { edk2VersionOf } from "../../firmware/edk2.js";
import { printable } from "../../printable.js";
import { checkCommandLine } from "../../x86/check-command-line.js";
import { exactSize } from "../exact-size.js";
import { type GuestLog, isGuestLog, readGuestLog, type Said } from "../guest-log.js";
import { memoryStatements, unacceptedFrom } from "../map-statements.js";
import type { MachineReader, MachineReading, Remark, Statement } from "../statement.js";

export const GUEST_DMESG: MachineReader = {
  kind: "guest-dmesg",
  what: "a guest's boot log (dmesg, journalctl -k, serial console)",
  recognises: isGuestLog,
  read: (text) => statementsOfLog(readGuestLog(text)),
};

function statementsOfLog(log: GuestLog): MachineReading {
  const statements: Statement[] = [];
  const remarks: Remark[] = [];
  const state = <Value>(
    key: string,
    said: Said<Value> | undefined,
    value: (value: Value) => unknown = (as) => as,
    derived?: string,
  ): void => {
    if (said === undefined) return;
    const { line, says } = said;
    statements.push({
      key,
      value: value(said.value),
      line,
      says,
      ...(derived === undefined ? {} : { derived }),
    });
  };
  if (log.earlierBoots > 0)
    remarks.push({ line: 1, text: "an earlier boot, left out: the last one of the log counts" });
  state("kernel", log.kernel);
  statePlatform(log, state, remarks);
  state("vcpus", log.vcpus);
  statements.push(...memoryStatements(log.e820));
  stateFirmware(log, state, remarks);
  if (log.commandLine !== undefined) stateCommandLine(log.commandLine, state, remarks);
  remarks.push(...inexpressible(log));
  return { statements, remarks };
}

type State = <Value>(
  key: string,
  said: Said<Value> | undefined,
  value?: (value: Value) => unknown,
  derived?: string,
) => void;

function statePlatform({ protection, isWhole, memory }: GuestLog, state: State, remarks: Remark[]): void {
  if (protection?.value === "sev") {
    const text = `${protection.says}: SEV without SNP, which accepts no memory; its bounce buffer is not simulated`;
    remarks.push({ line: protection.line, text });
    state("platform.kind", protection, () => "none", "the nearest platform: memory without acceptance");
  } else if (protection !== undefined) state("platform.kind", protection);
  else if (isWhole) state("platform.kind", memory, () => "none", "no line of TDX or SEV before this one");
}

/** Firmware by the words of EFI and DMI; what it accepted by its map, or by the table that it left out. */
function stateFirmware(log: GuestLog, state: State, remarks: Remark[]): void {
  const { efi, dmi, protection, isWhole, efiMap, unacceptedTable, memory } = log;
  const isConfidential = protection?.value === "tdx" || protection?.value === "snp";
  const version = dmi && biosVersion(dmi);
  if (version !== undefined && efi !== undefined) state("firmware.version", version);
  if (!isConfidential) return;
  if (efi === undefined) {
    if (isWhole && protection?.value === "tdx")
      state("firmware.preset", memory, () => "td-shim", "no line of EFI in a whole log of a tdx guest");
    return;
  }
  const from = unacceptedFrom(efiMap);
  if (from !== undefined)
    state("firmware.preAcceptLimit", from, exactSize, "the lowest range of type Unaccepted begins here");
  else if (unacceptedTable !== undefined) {
    const text =
      "a table of unaccepted memory, without efi=debug: how far the firmware had accepted is not in the log";
    remarks.push({ line: unacceptedTable.line, text });
  } else if (efiMap.length > 0 || isWhole)
    state(
      "firmware.acceptAll",
      efi,
      () => true,
      "no Unaccepted= among the tables of the firmware: it has accepted all",
    );
}

/** `BIOS edk2-stable202408`, `BIOS 2024.02-2ubuntu0.1`, `BIOS edk2-20240813-4.fc41`. */
function biosVersion(dmi: Said<string>): Said<string> | undefined {
  const [, year, month] =
    /\bBIOS (?:edk2-(?:stable)?)?(20\d\d)\.?(0[1-9]|1[0-2])(?=\D|\d\d\D)/.exec(dmi.value) ?? [];
  const version = year === undefined ? undefined : edk2VersionOf(`${year}.${month}`);
  return version === undefined ? undefined : { ...dmi, value: version };
}

/** Words that the simulator refuses are left out, each with its reason. */
function stateCommandLine(line: Said<string>, state: State, remarks: Remark[]): void {
  const remark = (word: Word, why: string): unknown =>
    remarks.push({ line: line.line, text: `${printable(word.text)}: left out of guest.commandLine, ${why}` });
  const kept = commandLineWords(line.value).filter((word) => {
    if (word.name === "accept_memory") {
      state("policy", { ...line, says: printable(word.text) }, () =>
        word.value === "eager" ? "eager" : "lazy",
      );
      return false;
    }
    const effect = wordEffect(word.name, word.value);
    if (effect?.does === "refused") return remark(word, effect.why) === 0;
    const problem = checkCommandLine(word.text);
    return problem === undefined || remark(word, problem.message) === 0;
  });
  const words = kept.map(({ text }) => text).join(" ");
  if (words !== "") state("guest.commandLine", { ...line, value: words });
}

/** What a log shows that no key of a scenario says: the check holds it against the run. */
function inexpressible({
  reservations,
  swiotlb,
  deferredMs,
  initcalls,
  hypervisor,
  dmi,
}: GuestLog): Remark[] {
  const seen = (said: Said<unknown> | undefined, why: string): Remark[] =>
    said === undefined ? [] : [{ line: said.line, text: `${said.says}: ${why}` }];
  const [slowest] = initcalls;
  return [
    ...seen(hypervisor, "which hypervisor it is changes nothing here"),
    ...seen(dmi, "names of the machine change nothing here but the version of its firmware"),
    ...reservations.flatMap((one) => seen(one, "follows from the command line; machine check compares it")),
    ...seen(swiotlb, "follows from the size of memory and the command line; machine check compares it"),
    ...deferredMs.flatMap((one) => seen(one, "a time, which machine check compares")),
    ...(slowest === undefined
      ? []
      : seen(
          slowest,
          `the slowest of ${initcalls.length} initcalls; their times are those of the recorded boot`,
        )),
  ];
}
