import { kernelName } from "../linux/kernel-rules.js";
import { compareReleases, parseReleaseName } from "../linux/release-name.js";

export const EXPECTED_HOST_KERNEL = "a Linux release, as uname -r prints it";

/** What a host's kernel does to guests by its release. */
export interface HostRules {
  /** It clears large pages in the order of addresses ("mm: folio_zero_user: clear pages sequentially", 9890ecab6ad9). */
  readonly clearsInOrder: boolean;
  /** It has the TDX module track pages of 4 KiB as they come into use, if the module can (dynamic PAMT, ad52ce8389d9). */
  readonly dynamicPamt: boolean;
}

/** First release with each. */
const SINCE: Readonly<Record<keyof HostRules, string>> = { clearsInOrder: "7.0", dynamicPamt: "7.4" };

/** The name of a host's kernel; undefined for a value that names none. */
export function hostKernelOf(value: string | number): string | undefined {
  return kernelName(String(value));
}

/** @param kernel as `hostKernelOf` returns it; undefined for one from before all of it */
export function hostRules(kernel: string | undefined): HostRules {
  const has = (rule: keyof HostRules): boolean =>
    kernel !== undefined &&
    compareReleases(parseReleaseName(kernel)!, parseReleaseName(`${SINCE[rule]}-rc1`)!) >= 0;
  return { clearsInOrder: has("clearsInOrder"), dynamicPamt: has("dynamicPamt") };
}
