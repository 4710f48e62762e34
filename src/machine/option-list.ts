/** Lists of settings in one word of a command line: `size=4G,prealloc=on`, or the same as JSON. */

import { type Place, unexpected } from "./findings.js";
import type { ShellWord } from "./shell-text.js";

export interface Setting extends Place {
  readonly key: string;
  /** Undefined where the word has the name alone. */
  readonly value: string | undefined;
}

export interface OptionList {
  readonly word: ShellWord;
  readonly settings: readonly Setting[];
  /** The last setting of a name, which is the one that counts. */
  get(...keys: readonly string[]): Setting | undefined;
}

/**
 * QEMU's lists (docs/system/invocation, util/keyval.c, util/qemu-option.c): a comma within a value is written twice.
 * `-object`, `-blockdev` and `-device` also take JSON.
 *
 * @param implied the key of a first value that has none
 * @throws MachineError
 */
export function qemuList(word: ShellWord, implied?: string): OptionList {
  if (word.text.startsWith("{")) return listOf(word, jsonSettings(word));
  const settings: Setting[] = [];
  const pieces = word.text.matchAll(/(?:[^,]|,,)+/g);
  for (const { 0: piece, index } of pieces) {
    const column = word.column + index;
    const place = { line: word.line, column };
    const equals = piece.indexOf("=");
    const value = (equals < 0 ? piece : piece.slice(equals + 1)).replaceAll(",,", ",");
    if (equals === 0) throw unexpected(place, "a name before the =", piece);
    if (equals > 0) settings.push({ ...place, key: piece.slice(0, equals), value });
    else if (index === 0 && implied !== undefined) settings.push({ ...place, key: implied, value });
    else settings.push({ ...place, key: value, value: undefined });
  }
  return listOf(word, settings);
}

/** Lists of cloud-hypervisor and crosvm, in which nothing is written twice, but a value can be in quotes or brackets. */
export function plainList(word: ShellWord, implied?: string): OptionList {
  const settings: Setting[] = [];
  const pieces = word.text.matchAll(/(?:"[^"]*"|\[[^\]]*\]|[^,])+/g);
  for (const { 0: piece, index } of pieces) {
    const place = { line: word.line, column: word.column + index };
    const equals = piece.indexOf("=");
    if (equals === 0) throw unexpected(place, "a name before the =", piece);
    if (equals > 0)
      settings.push({ ...place, key: piece.slice(0, equals), value: unquoted(piece.slice(equals + 1)) });
    else if (index === 0 && implied !== undefined)
      settings.push({ ...place, key: implied, value: unquoted(piece) });
    else settings.push({ ...place, key: piece, value: undefined });
  }
  return listOf(word, settings);
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function listOf(word: ShellWord, settings: readonly Setting[]): OptionList {
  return {
    word,
    settings,
    get: (...keys) => settings.findLast(({ key }) => keys.includes(key)),
  };
}

/** An object of JSON, with dots between the names of nested ones (qobject/qobject-input-visitor.c writes them so). */
function jsonSettings(word: ShellWord): Setting[] {
  let data: unknown;
  try {
    data = JSON.parse(word.text);
  } catch {
    throw unexpected(word, "JSON, as it begins with {", word.text);
  }
  return flattened(data as Record<string, unknown>, "", word);
}

function flattened(object: Record<string, unknown>, prefix: string, { line, column }: Place): Setting[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const key = `${prefix}${name}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return flattened(value as Record<string, unknown>, `${key}.`, { line, column });
    const text =
      typeof value === "boolean"
        ? value
          ? "on"
          : "off"
        : Array.isArray(value)
          ? value.join(",")
          : String(value);
    return [{ line, column, key, value: text }];
  });
}

/**
 * Whether a switch is on; a name alone is on (util/qemu-option.c: opt_set), as QEMU reads `on`, `yes`, `true`, `y`
 * (qapi/qapi-util.c: qapi_bool_parse).
 *
 * @throws MachineError for a value that is neither
 */
export function isOn(setting: Setting | undefined): boolean {
  if (setting === undefined) return false;
  const { value } = setting;
  if (value === undefined || ["on", "yes", "true", "y"].includes(value)) return true;
  if (["off", "no", "false", "n"].includes(value)) return false;
  throw unexpected(setting, `on or off for ${setting.key}`, value);
}

const POWERS = "bkmgtpe";

/**
 * A size as QEMU reads it (util/cutils.c: do_strtosz): digits or hexadecimal, a fraction, one letter of B, K, M, G, T,
 * P, E in either case, in powers of 1024.
 *
 * @param bare what a number without a letter counts: bytes, or MiB with `-m`
 * @throws MachineError
 */
export function qemuSize(setting: Setting, bare: number): number {
  const value = setting.value ?? "";
  const match = /^(?:(0x[0-9a-f]+)|(\d+(?:\.\d+)?)([bkmgtpe]?))$/i.exec(value);
  const bytes = match === null ? Number.NaN : sizeOf(match, bare);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw unexpected(setting, `a size such as 4G for ${setting.key}, below 2^53 bytes`, value);
}

function sizeOf([, hex, number, letter]: RegExpExecArray, bare: number): number {
  if (hex !== undefined) return Number(hex) * bare;
  const factor = letter === "" ? bare : 1024 ** POWERS.indexOf(letter!.toLowerCase());
  return Math.floor(Number(number) * factor);
}

/** A whole number. @throws MachineError */
export function wholeNumberOf(setting: Setting, atLeast: number): number {
  const value = setting.value ?? "";
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= atLeast) return number;
  throw unexpected(setting, `a whole number of at least ${atLeast} for ${setting.key}`, value);
}
