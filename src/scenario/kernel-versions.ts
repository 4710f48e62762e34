/** A Linux version that a scenario can name. */
export type KernelVersion = "6.5" | "6.6" | "6.11" | "6.12.0" | "6.12" | "6.15";

/**
 * All of them, oldest first, with what sets each apart. A release
 * stands for its first tag, 6.12 for the stable series as of 6.12.107. Only what concerns
 * unaccepted memory changes with the version; all else is as in 6.12.
 */
export const KERNEL_VERSIONS: Readonly<Record<KernelVersion, string>> = {
  "6.5":
    "accepts only when a watermark or a free list fails, up to the high watermark; unaccepted memory " +
    "counts as used there; the table lies in loader data",
  "6.6": "as 6.5, but the table lies in memory of type ACPI reclaim",
  "6.11": "accepts at every visit to a zone, up to the high watermark; unaccepted memory counts as free",
  "6.12.0": "accepts up to the promo watermark, for bulk allocations too",
  "6.12":
    "before watermarks are set up, every visit to a zone accepts a block; a claim that fails splits the " +
    "smallest block",
  "6.15": "decides as 6.12 does",
};

/** All names, oldest first. */
export const KERNEL_VERSION_NAMES: readonly KernelVersion[] = Object.keys(KERNEL_VERSIONS) as KernelVersion[];

/** The version that a scenario's value stands for, or undefined; `6.12` without quotes is a number in YAML. */
export function kernelVersion(value: string | number): KernelVersion | undefined {
  return KERNEL_VERSION_NAMES.find((name) => name === String(value));
}

/**
 * The known version to suggest for another one: the last that is not newer, which for a point
 * release of 6.12 is the stable series. Undefined for what is no version from 6.5 on.
 */
export function nearestKernelVersion(value: string | number): KernelVersion | undefined {
  const wanted = /^v?(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(String(value))
    ?.slice(1)
    // A version of two numbers has no third group.
    .map((part: string | undefined) => Number(part ?? 0));
  if (wanted === undefined) return undefined;
  const [major, minor, point] = wanted as [number, number, number];
  if (major === 6 && minor === 12 && point > 0) return "6.12";
  return KERNEL_VERSION_NAMES.findLast((name) => {
    if (name === "6.12") return false;
    const [knownMajor, knownMinor] = name.split(".").map(Number) as [number, number];
    return knownMajor < major || (knownMajor === major && knownMinor <= minor);
  });
}
