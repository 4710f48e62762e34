/**
 * What a user of the explorer chooses, as texts that the command line would take; and the same as the fragment of an
 * address, as a scenario file, and as a command.
 */

import {
  type Assignment,
  nearestName,
  parseAssignment,
  shellWord,
  TYPED_KEYS,
  typedAssignment,
  USUAL_POLICY,
  writtenScenario,
} from "../index.js";

/** One side: texts as a user of the command line would give them. Empty or absent: the default. */
export interface Settings {
  readonly platform?: string;
  readonly prices?: string;
  readonly kernel?: string;
  readonly memory?: string;
  readonly vcpus?: string;
  readonly policy?: string;
  readonly workload?: string;
  /** Any other value by its path, as after `--set`, in the order in which they are written over the scenario. */
  readonly set: Readonly<Record<string, string>>;
}

/** `b` where two sides are compared. */
export interface PageState {
  readonly a: Settings;
  readonly b?: Settings;
}

export type SettingName = Exclude<keyof Settings, "set">;

/** In the order in which the command line writes them over a scenario, which is that of its flags. */
export const SETTING_NAMES: readonly SettingName[] = [
  "platform",
  "policy",
  "memory",
  "vcpus",
  "kernel",
  "workload",
  "prices",
];

/** Of the scenario `boot`, which has lists there; other values are its own. */
const DEFAULTS: Readonly<Partial<Record<SettingName, string>>> = {
  platform: "tdx",
  policy: USUAL_POLICY,
  memory: "16GiB",
};

/** A scenario file that settings are written over. */
export interface BaseScenario {
  /** For messages, and for the command that reads it: `boot`, or the name of a file. */
  readonly name: string;
  readonly text: string;
  /** Whether `DEFAULTS` go before its own values. */
  readonly isBundled: boolean;
}

/** Without what is empty, so that equal settings look equal. */
export function normalSettings(settings: Settings): Settings {
  const given = SETTING_NAMES.flatMap((name) => {
    const text = settings[name] ?? "";
    return text === "" ? [] : [[name, text] as const];
  });
  const set = Object.entries(settings.set).filter(([, text]) => text !== "");
  return { ...Object.fromEntries(given), set: Object.fromEntries(set) };
}

/** The texts of all flags but `--set`, with the defaults where there is none. */
function flagsOf(settings: Settings, withDefaults: boolean): [name: SettingName, text: string][] {
  const { set: _set, ...given } = normalSettings(settings);
  const all = { ...(withDefaults ? DEFAULTS : {}), ...given };
  return SETTING_NAMES.flatMap((name) => {
    const text = all[name];
    return text === undefined ? [] : [[name, text]];
  });
}

/**
 * What settings write over a scenario file.
 *
 * @param named gives what the file would say for the name of a workload; the name itself if absent
 * @throws ScenarioError for one of `set` that is no assignment
 */
export function assignmentsOf(
  settings: Settings,
  { isBundled }: Pick<BaseScenario, "isBundled">,
  named?: (workload: string) => string,
): Assignment[] {
  const typed = flagsOf(settings, isBundled).map(([name, text]) =>
    typedAssignment(`--${name} ${text}`, TYPED_KEYS[name], text, name === "workload" ? named : undefined),
  );
  const { set } = normalSettings(settings);
  return [...typed, ...Object.entries(set).map(([key, text]) => parseAssignment(`${key}=${text}`))];
}

/** A description of a bundled workload, as `workloads/boot.yaml` mentions its own. */
const DESCRIPTION = /^recorded\/([^/]+)\/recording\.yaml$/;

/** The name of a bundled workload, if a scenario of the program means one: a path from its folder stands for nothing elsewhere. */
export function workloadName(mentioned: string): string {
  return DESCRIPTION.exec(mentioned)?.[1] ?? mentioned;
}

/**
 * A scenario file that needs no flags, wherever it lies.
 *
 * @throws ScenarioError for one of `set` that is no assignment
 */
export function settingsToYaml(settings: Settings, base: BaseScenario): string {
  return writtenScenario(base.text, base.name, assignmentsOf(settings, base), { workload: workloadName });
}

/** The command that prints the same numbers, for a shell: `unaccepted run boot --platform tdx --set seed=2`. */
export function settingsToCommand(
  settings: Settings,
  { name, isBundled }: Pick<BaseScenario, "name" | "isBundled">,
): string {
  const { set } = normalSettings(settings);
  const flags = [
    ...flagsOf(settings, isBundled),
    ...Object.entries(set).map(([key, text]) => ["set", `${key}=${text}`] as const),
  ];
  const file = name.startsWith("-") ? `./${name}` : name;
  const words = flags.map(([flag, text]) => `--${flag}${text.startsWith("-") ? "=" : " "}${shellWord(text)}`);
  return ["unaccepted run", shellWord(file), ...words].join(" ");
}

/** What the second side's keys begin with in an address. */
const SECOND = "b.";
/** What keys of `set` begin with there. */
const SET = "set.";

/** `platform=tdx&set.seed=2&b.policy=eager`; `b.` alone says that there is a second side. Without a leading `#`. */
export function settingsToFragment({ a, b }: PageState): string {
  const second = b === undefined ? [] : entriesOf(b).map(([key, text]) => [SECOND + key, text] as const);
  const parts = [...entriesOf(a), ...second].map(
    ([key, text]) => `${encoded(key, "")}=${encoded(text, "=?")}`,
  );
  return (b !== undefined && second.length === 0 ? [...parts, SECOND] : parts).join("&");
}

function entriesOf(settings: Settings): [key: string, text: string][] {
  const { set } = normalSettings(settings);
  return [
    ...flagsOf(settings, false),
    ...Object.entries(set).map(([key, text]): [string, string] => [SET + key, text]),
  ];
}

/** Characters that an address may have after its `#` and that separate nothing here (RFC 3986, 3.5). */
const PLAIN = ":/,@";

function encoded(text: string, more: string): string {
  // Half a character has no encoding.
  const whole = text.replaceAll(/\p{Surrogate}/gu, "\ufffd");
  return encodeURIComponent(whole).replaceAll(/%[0-9A-F]{2}/g, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return (PLAIN + more).includes(character) ? character : code;
  });
}

/**
 * The settings that an address holds.
 *
 * @param fragment with or without its `#`
 * @returns with a line for each part that is not understood and left out
 */
export function fragmentToSettings(fragment: string): PageState & { readonly remarks: readonly string[] } {
  const sides = { a: new Map<string, string>(), b: new Map<string, string>() };
  const remarks: string[] = [];
  let hasSecond = false;
  for (const part of fragment
    .replace(/^#/, "")
    .split("&")
    .filter((one) => one !== "")) {
    if (part.startsWith(SECOND)) hasSecond = true;
    if (part === SECOND) continue;
    const read = readPart(part);
    if (typeof read === "string") {
      remarks.push(read);
      continue;
    }
    const side = sides[read.side];
    if (side.has(read.key)) remarks.push(`${read.shown}: comes twice in the address; the last one counts`);
    side.set(read.key, read.text);
  }
  const a = settingsOf(sides.a);
  return { a, ...(hasSecond ? { b: settingsOf(sides.b) } : {}), remarks };
}

interface Part {
  readonly side: "a" | "b";
  /** Without what says the side. */
  readonly key: string;
  readonly text: string;
  /** The key as the address has it. */
  readonly shown: string;
}

/** @returns what a part says, or why it says nothing, in one line */
function readPart(part: string): Part | string {
  const at = part.indexOf("=");
  if (at === -1) return `${part}: expected KEY=VALUE in the address, and is left out`;
  let shown: string;
  let text: string;
  try {
    [shown, text] = [decodeURIComponent(part.slice(0, at)), decodeURIComponent(part.slice(at + 1))];
  } catch {
    return `${part}: expected UTF-8 after each % in the address, and is left out`;
  }
  const side = shown.startsWith(SECOND) ? "b" : "a";
  const key = side === "b" ? shown.slice(SECOND.length) : shown;
  if (key.startsWith(SET) || (SETTING_NAMES as readonly string[]).includes(key))
    return { side, key, text, shown };
  const nearest = nearestName(key, SETTING_NAMES);
  const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
  return `${shown}: no setting of the address, and is left out${hint}`;
}

function settingsOf(entries: ReadonlyMap<string, string>): Settings {
  const isSet = ([key]: readonly [string, string]): boolean => key.startsWith(SET);
  const all = [...entries];
  const set = all.filter(isSet).map(([key, text]) => [key.slice(SET.length), text] as const);
  return normalSettings({
    ...Object.fromEntries(all.filter((one) => !isSet(one))),
    set: Object.fromEntries(set),
  });
}
