/** What the numbers and names of request flags mean in a release. */

import { GFP_CHANGES, LAST_READ, UNREAD } from "./gfp-history.js";
import { compareReleases, parseReleaseName, type ReleaseName } from "./release-name.js";

const OLDEST: ReleaseName = named(GFP_CHANGES[0]!.since);
const NEWEST: ReleaseName = named(LAST_READ);

/** Request flags of a release. */
export interface GfpTable {
  /** Such as `4.13`, `2.6.32` or `6.16-rc1`: what builds add does not count. */
  readonly release: string;
  /** The release whose flags these are: the nearest known one. */
  readonly taken: string;
  /** Bits of modifiers, by their names without `__GFP_`. */
  readonly bits: ReadonlyMap<string, number>;
  /** Modifiers of combinations, by their names without `GFP_`. */
  readonly combinations: ReadonlyMap<string, readonly string[]>;
  /** Whether a request wakes kswapd unless NO_KSWAPD forbids it. */
  readonly wakesKswapd: boolean;
  /** Bits of which the kernel's configuration says what they are. */
  readonly configuredMask: number;
  /** Whether the numbers of this release were read in a source. Names can be read in any case. */
  readonly hasNumbers: boolean;
}

/** The flags of a release: those of the nearest known one, without numbers, where its own were not read. */
export function gfpTableOf(release: ReleaseName): GfpTable {
  const bits = new Map<string, number>();
  const combinations = new Map<string, readonly string[]>();
  let wakesKswapd = false;
  let configuredMask = 0;
  for (const [index, change] of GFP_CHANGES.entries()) {
    if (index > 0 && compareReleases(release, named(change.since)) < 0) break;
    for (const [name, bit] of Object.entries(change.bits ?? {})) {
      if (bit === 0) bits.delete(name);
      else bits.set(name, bit);
    }
    for (const [name, modifiers] of Object.entries(change.combinations ?? {})) {
      if (modifiers === undefined) combinations.delete(name);
      else combinations.set(name, modifiers.split(" ").filter(Boolean));
    }
    wakesKswapd = change.wakesKswapd ?? wakesKswapd;
    configuredMask = change.configuredMask ?? configuredMask;
  }
  return {
    release: releaseText(release),
    taken: releaseText(isNewer(release) ? NEWEST : isOlder(release) ? OLDEST : release),
    bits,
    combinations,
    wakesKswapd,
    configuredMask,
    hasNumbers: !isNewer(release) && !isOlder(release) && !isBetween(release),
  };
}

/** Of all releases, what each combination was when a kernel last had it. */
export const LAST_COMBINATIONS: ReadonlyMap<string, readonly string[]> = new Map(
  GFP_CHANGES.flatMap(({ combinations }) =>
    Object.entries(combinations ?? {}).flatMap(([name, modifiers]) =>
      modifiers === undefined ? [] : [[name, modifiers.split(" ").filter(Boolean)] as const],
    ),
  ),
);

function isNewer({ major, minor }: ReleaseName): boolean {
  return major > NEWEST.major || (major === NEWEST.major && minor > NEWEST.minor);
}

function isOlder(release: ReleaseName): boolean {
  return compareReleases(release, OLDEST) < 0;
}

function isBetween(release: ReleaseName): boolean {
  return UNREAD.some(
    ({ from, to }) => compareReleases(release, named(from)) >= 0 && compareReleases(release, named(to)) < 0,
  );
}

function releaseText({ major, minor, point, rc }: ReleaseName): string {
  const number = major === 2 && point !== undefined ? `2.${minor}.${point}` : `${major}.${minor}`;
  return rc === undefined ? number : `${number}-rc${rc}`;
}

function named(text: string): ReleaseName {
  return parseReleaseName(text)!;
}
