/** Workloads for those who have their files as bytes: in memory, behind an address, on a disk. */

import type { Scenario } from "../scenario/scenario.js";
import { parseYamlWithPositions } from "../scenario/yaml.js";
import type { LoadedWorkload, RecordedRequests } from "../workload/after-boot.js";
import { generate, isGenerated, parseGeneratedWorkload } from "../workload/generators/index.js";
import { recordingSchema } from "../workload/recording.js";
import { type Assembly, assembled, assembledAround, pathFrom, STANDARD_BOOT_PATH } from "./assemble.js";
import { describedRequests, requireDigest, undescribedRequests } from "./recorded-requests.js";
import { sha256 } from "./sha256.js";
import { WorkloadError } from "./workload-error.js";
import { isZstd, loadZstd } from "./zstd.js";

/** Description of a recording, rather than a trace. */
export const DESCRIPTION: RegExp = /\.ya?ml$/;

/**
 * Gives the bytes of a file as they are stored, packed or not.
 *
 * @param path as it was asked for, or as a description mentions it: `recorded/NAME/recording.yaml`, then
 *   `recorded/NAME/boot.trace.gz`
 * @throws for a file that is not there; the error is passed on
 */
export type ReadFile = (path: string) => Uint8Array | Promise<Uint8Array>;

export interface WorkloadsOptions {
  /**
   * Path of the description of the boot in front of what is no boot: traces that begin on a machine that is up,
   * and what most generators make. Default: `recorded/linux-7.3.4-debian-1c4g/recording.yaml`, as in the
   * package's `workloads`, which names a second recording for machines of more CPUs.
   */
  readonly standardBoot?: string;
  /** Whether lines of a text trace that cannot be read are left out and remarked on, rather than refused. Default: no. */
  readonly lenient?: boolean;
}

/** A workload by its path or as `generate:NAME?PARAMETER=VALUE&...`, and what a generator makes it for; a scenario is one. */
export type WorkloadOnMachine = Pick<Scenario, "workload" | "memoryBytes" | "vcpus" | "seed">;

/** So many files stay understood, and so many generated workloads made; those that were asked for last. */
const RECORDINGS_MAX = 64;
const GENERATED_MAX = 16;

/**
 * Loads workloads as the command line does, down to the last bit: with the boot in front of a trace that has none,
 * and with the requests that each further CPU makes as it comes up. What it has loaded it keeps for the next call: the
 * 64 files and the 16 generated workloads that were asked for last.
 */
export class Workloads {
  readonly #read: ReadFile;
  readonly #standardBoot: string;
  readonly #lenient: boolean;
  readonly #recordings = new Kept<RecordedRequests>(RECORDINGS_MAX);
  readonly #workloads = new Kept<LoadedWorkload>(RECORDINGS_MAX);
  readonly #generated = new Kept<LoadedWorkload>(GENERATED_MAX);

  constructor(read: ReadFile, { standardBoot = STANDARD_BOOT_PATH, lenient = false }: WorkloadsOptions = {}) {
    this.#read = read;
    this.#standardBoot = standardBoot;
    this.#lenient = lenient;
  }

  /**
   * @param path of a recording's description, if it ends in `.yaml` or `.yml`, or of a trace of any format that
   *   `unaccepted trace import` reads, plain, gzip or zstd
   * @returns the same object for the same path, as long as it is kept
   * @throws what `read` throws; ScenarioError for a wrong description; TraceError for a file that is damaged or not a
   *   trace; WorkloadError for a trace that is not the one described, or asks for no memory
   */
  async load(path: string): Promise<LoadedWorkload> {
    if (isGenerated(path))
      throw new WorkloadError(`${path}: is made for a machine; expected a call of \`of\``);
    return this.#workloads.get(path, () => this.#completed(assembled(path, this.#standardBoot)));
  }

  /**
   * The workload of a scenario: what its `generate:NAME?PARAMETER=VALUE&...` makes on its machine with its seed, or
   * else what its `workload` is the path of.
   *
   * @returns the same object for the same workload, and for a generated one the same machine and seed, as long as it is
   *   kept
   * @throws what `load` throws; GeneratorError for what no generator makes
   */
  async of({ workload, memoryBytes, vcpus, seed }: WorkloadOnMachine): Promise<LoadedWorkload> {
    if (!isGenerated(workload)) return this.load(workload);
    return this.#generated.get(JSON.stringify([workload, memoryBytes, vcpus, seed]), () => {
      const machine = { memoryBytes, vcpus, nodes: 1 };
      const own = generate(parseGeneratedWorkload(workload), machine, seed);
      return this.#completed(assembledAround(own, this.#standardBoot));
    });
  }

  async #completed(assembly: Assembly): Promise<LoadedWorkload> {
    let step = assembly.next();
    while (step.done !== true) step = assembly.next(await this.#recording(step.value));
    return step.value;
  }

  #recording(path: string): Promise<RecordedRequests> {
    return this.#recordings.get(path, async () => {
      if (!DESCRIPTION.test(path)) {
        const bytes = await this.#readTrace(path);
        const sha256 = await digestOf(bytes);
        return undescribedRequests({ path, chunks: [bytes] }, () => sha256, this.#lenient);
      }
      const text = new TextDecoder().decode(await this.#read(path));
      const recording = parseYamlWithPositions(text, path, recordingSchema);
      const tracePath = pathFrom(path, recording.trace.file);
      const bytes = await this.#readTrace(tracePath);
      requireDigest(tracePath, path, await digestOf(bytes), recording);
      return describedRequests({ path: tracePath, chunks: [bytes] }, recording, this.#lenient);
    });
  }

  /** Only what needs the decoder of zstd loads it: pages that run no WebAssembly have other traces all the same. */
  async #readTrace(path: string): Promise<Uint8Array> {
    const bytes = await this.#read(path);
    if (isZstd(bytes)) await loadZstd();
    return bytes;
  }
}

/** Things that take long to make, by name. What failed is forgotten, so that it can be tried again. */
class Kept<T> {
  readonly #most: number;
  /** In the order in which they were asked for, the latest last. */
  readonly #made = new Map<string, Promise<T>>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made;
    const known = made.get(key);
    made.delete(key);
    const making = known ?? make();
    made.set(key, making);
    if (known !== undefined) return known;
    making.catch(() => {
      if (made.get(key) === making) made.delete(key);
    });
    if (made.size > this.#most) made.delete(made.keys().next().value!);
    return making;
  }
}

/** SHA-256 in hex. */
async function digestOf(bytes: Uint8Array): Promise<string> {
  const subtle: typeof crypto.subtle | undefined = globalThis.crypto.subtle;
  if (subtle === undefined) return sha256(bytes);
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
