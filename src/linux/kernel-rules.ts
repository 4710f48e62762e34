/** The rules of any release: those of the first one, with every commit that it has. */

import { CHANGES, type Change, FIRST_RELEASE, FIRST_RULES, type RulesDelta } from "./changes.js";
import { compareReleases, parseReleaseName, type ReleaseName } from "./release-name.js";
import type { KernelRules } from "./rules.js";

/** The newest release whose source was read for changes; later ones have its rules. */
const REVIEWED: ReleaseName = { major: 7, minor: 3, suffix: "" };
/** Series that stand for a later point release when nothing but their two numbers is said: that of the recordings. */
const STABLE_SERIES: Readonly<Record<string, number>> = { "6.12": 107, "6.18": 44, "7.3": 4 };
/**
 * Series of which a real kernel was recorded and is repeated by `verify` (workloads/recorded): with a log of
 * every step, or with tracepoints only.
 */
const RECORDED_SERIES: Readonly<Record<string, "every step" | "tracepoints">> = {
  "6.12": "every step",
  "6.16": "tracepoints",
  "6.17": "tracepoints",
  "6.18": "tracepoints",
  "6.19": "tracepoints",
  "7.0": "tracepoints",
  "7.1": "tracepoints",
  "7.2": "tracepoints",
  "7.3": "every step",
};

export interface KernelRelease {
  readonly rules: KernelRules;
  /** The commits that it has, of those of `CHANGES`, in their order. */
  readonly changes: readonly Change[];
  /** The release in which these rules came to be, such as `6.6.5` for 6.6.35; the newest that was reviewed for later ones. */
  readonly rulesOf: string;
  /** Why `rulesOf` is another release than the name says, and that nothing was recorded of it; undefined where neither is so. */
  readonly remark: string | undefined;
  /** How a kernel of its series was recorded, which the rules are held against; undefined where none was: they are read from the source alone. */
  readonly recorded: "every step" | "tracepoints" | undefined;
}

const cache = new Map<string, KernelRelease>();

/**
 * The name of a kernel in the one form that results show: `v6.12-rc3` and `Linux 6.12-rc3` are
 * `6.12-rc3`, and of the line `Linux version 6.8.0-1028-intel (...)` the name is left.
 *
 * @returns undefined for text that names no release
 */
export function kernelName(text: string): string | undefined {
  const name = (/^\s*Linux(?:\s+version)?\s+(\S+)/i.exec(text)?.[1] ?? text.trim()).replace(/^v(?=\d)/, "");
  return parseReleaseName(name) === undefined ? undefined : name;
}

export function knowsUnacceptedMemory(name: string): boolean {
  const release = parseReleaseName(name);
  return release !== undefined && compareReleases(release, parseReleaseName(FIRST_RELEASE)!) >= 0;
}

/**
 * @param name as `kernelName` returns it
 * @throws Error for a text that is not the name of a release, or one of a release before 6.5
 */
export function kernelRelease(name: string): KernelRelease {
  let known = cache.get(name);
  if (known === undefined) {
    known = describe(name);
    cache.set(name, known);
  }
  return known;
}

export function kernelRules(name: string): KernelRules {
  return kernelRelease(name).rules;
}

/** Every release in which the rules of the main line changed, and stable series as of today; oldest first. */
export function releasesThatDiffer(): string[] {
  const tags = CHANGES.map(({ landed }) => series(parseReleaseName(landed)!));
  const names = ["6.5", ...tags].flatMap((tag) => (isPatched(tag) ? [`${tag}.0`, tag] : [tag]));
  return [...new Set(names)];
}

/** Releases to offer a user: those in which rules changed, and the series of which a kernel was recorded; oldest first. */
export function knownReleases(): string[] {
  return [...new Set([...releasesThatDiffer(), ...Object.keys(RECORDED_SERIES)])].sort((a, b) =>
    compareReleases(parseReleaseName(a)!, parseReleaseName(b)!),
  );
}

/** Changes of a release, as half sentences; for a stable series as of today those that it took over. */
export function changesIn(name: string): string[] {
  const stable = isPatched(name);
  const tag = name.replace(/^(\d+\.\d+)\.0$/, "$1");
  return CHANGES.filter(({ landed, backports = {} }) =>
    stable ? tag in backports : series(parseReleaseName(landed)!) === tag,
  ).map(({ what }) => what);
}

function describe(name: string): KernelRelease {
  const named = parseReleaseName(name);
  if (named === undefined || !knowsUnacceptedMemory(name)) {
    throw new Error(`linux: ${name} is not a release from 6.5 on`);
  }
  const alone = named.point === undefined && named.rc === undefined;
  const point = alone ? STABLE_SERIES[series(named)] : undefined;
  const release = point === undefined ? named : { ...named, point };
  const applied = CHANGES.flatMap((change) => {
    const since = firstOf(change, release);
    return since === undefined ? [] : [{ change, since }];
  });
  const rules = applied.reduce((sum, { change }) => withDelta(sum, change.sets), FIRST_RULES);
  const last = applied.reduce(
    (latest, { since }) => (compareReleases(since, latest) > 0 ? since : latest),
    parseReleaseName("6.5")!,
  );
  const rulesOf = releaseText(last, release);
  const isReviewed = compareReleases(parseReleaseName(series(release))!, REVIEWED) <= 0;
  const why = isReviewed ? "the last that changed them" : "the newest that was reviewed";
  const builder =
    release.suffix === "" ? "" : "; it counts as the release it was built from, whatever its builder changed";
  const recorded = RECORDED_SERIES[series(release)];
  const remarks = [
    ...(name === rulesOf || name in STABLE_SERIES ? [] : [`has the rules of ${rulesOf}, ${why}${builder}`]),
    ...(recorded === undefined ? ["is by rule, not recorded"] : []),
  ];
  return {
    rules,
    changes: applied.map(({ change }) => change),
    rulesOf,
    recorded,
    remark: remarks.length === 0 ? undefined : `Linux ${name} ${remarks.join("; it ")}`,
  };
}

/** The tag or point release in which a release got a commit; undefined if it does not have it. */
function firstOf({ landed, backports = {} }: Change, release: ReleaseName): ReleaseName | undefined {
  const tag = parseReleaseName(landed)!;
  if (compareReleases(release, tag) >= 0) return tag;
  const point = backports[series(release)];
  if (point === undefined || (release.point ?? 0) < point) return undefined;
  return { major: release.major, minor: release.minor, point, suffix: "" };
}

function withDelta(rules: KernelRules, delta: RulesDelta): KernelRules {
  const own = Object.entries(delta).map(([name, value]) => {
    const before = rules[name as keyof KernelRules];
    return [name, typeof before === "object" ? { ...before, ...(value as object) } : value];
  });
  return { ...rules, ...Object.fromEntries(own) };
}

/** A candidate of a release that is out counts as the release; the first of a patched series is told from the series. */
function releaseText(since: ReleaseName, release: ReleaseName): string {
  const tag = series(since);
  if (since.point !== undefined) return `${tag}.${since.point}`;
  if (since.rc !== undefined && release.rc !== undefined && tag === series(release))
    return `${tag}-rc${since.rc}`;
  return isPatched(tag) ? `${tag}.0` : tag;
}

function series({ major, minor }: ReleaseName): string {
  return `${major}.${minor}`;
}

/** Whether the name of a series stands for another kernel than its first release. */
function isPatched(tag: string): boolean {
  return tag in STABLE_SERIES && CHANGES.some(({ backports = {} }) => tag in backports);
}
