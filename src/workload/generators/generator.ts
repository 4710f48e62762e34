import type { Parameters } from "./parameters.js";
import type { Random } from "./random.js";
import type { RequestWriter } from "./request-writer.js";

/** The machine that requests are made for. */
export interface TargetMachine {
  readonly memoryBytes: number;
  readonly vcpus: number;
  /** NUMA nodes. */
  readonly nodes: number;
}

/** A range that is reserved while the machine boots, and freed by requests. */
export interface ReservedSize {
  /** `kernel image` or `initrd`. */
  readonly name: string;
  readonly bytes: number;
}

/** What of a boot comes before its first request. */
export interface BeforeRequests {
  /** Pages that the kernel takes before and keeps. */
  readonly unseenPages: number;
  /** By number, as requests name them. */
  readonly reserved: readonly ReservedSize[];
}

/** Makes requests of one kind of workload. The same parameters, machine and seed give the same requests. */
export interface Generator<P> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What of a real machine it repeats, what it leaves out, and where that is known from. */
  readonly imitates: string;
  readonly parameters: Parameters<P>;
  /** For a boot; every other workload begins on a machine that is up. */
  readonly before?: (parameters: P, machine: TargetMachine) => BeforeRequests;
  /**
   * Writes the requests, and stops now and then so that they can be taken out: it never writes more
   * than some thousand between two stops.
   */
  readonly requests: (
    parameters: P,
    machine: TargetMachine,
    writer: RequestWriter,
    random: Random,
  ) => Iterable<void>;
}

/** A generator with its parameters. */
export interface Workload {
  readonly name: string;
  readonly imitates: string;
  readonly before?: (machine: TargetMachine) => BeforeRequests;
  readonly requests: (machine: TargetMachine, writer: RequestWriter, random: Random) => Iterable<void>;
}

/** Gives a generator its parameters. */
export function withParameters<P>(generator: Generator<P>, parameters: P): Workload {
  const { name, imitates, before, requests } = generator;
  return {
    name,
    imitates,
    ...(before === undefined ? {} : { before: (machine) => before(parameters, machine) }),
    requests: (machine, writer, random) => requests(parameters, machine, writer, random),
  };
}
