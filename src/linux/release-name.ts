/** Names of Linux releases, as tags, distributions and `uname -r` write them. */

export interface ReleaseName {
  readonly major: number;
  readonly minor: number;
  /** Third number; in 2.6.32 the release itself, later a point release. Undefined where the name has none. */
  readonly point?: number;
  /** Number of a release candidate, which comes before the release. */
  readonly rc?: number;
  /** Suffix of a build, with its sign in front: `-46-generic`, `+deb13-amd64`, `.7.x86_64`; or empty. */
  readonly suffix: string;
}

/** Tags have a `v`; a name of two or three numbers, a candidate, then whatever a build adds. */
const NAME = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,5}))?(?:[-~.]rc(\d{1,3})(?!\w))?([-+~._][\w.+~:-]*|)$/;

/**
 * Reads the name of a release: `4.13`, `v4.13`, `6.16-rc1`, `4.13.0-46-generic`,
 * `5.15.0-1028-azure`, `6.12.107+deb13-amd64`.
 *
 * @returns undefined for text that names no release
 */
export function parseReleaseName(text: string): ReleaseName | undefined {
  const [, major, minor, point, rc, suffix] = NAME.exec(text) ?? [];
  if (major === undefined || minor === undefined || suffix === undefined) return undefined;
  return {
    major: Number(major),
    minor: Number(minor),
    ...(point === undefined ? {} : { point: Number(point) }),
    ...(rc === undefined ? {} : { rc: Number(rc) }),
    suffix,
  };
}

/**
 * Orders releases by age: major, minor, point (0 where there is none), then candidates before the
 * release. Suffixes of builds do not count.
 *
 * @returns negative if `a` is the older one, 0 if both are the same release
 */
export function compareReleases(a: ReleaseName, b: ReleaseName): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    (a.point ?? 0) - (b.point ?? 0) ||
    (a.rc ?? Number.MAX_SAFE_INTEGER) - (b.rc ?? Number.MAX_SAFE_INTEGER)
  );
}
