import type { HighMemory } from "../firmware/start.js";
import type { StrategyDocument } from "./parameters.js";

/**
 * When memory is accepted, as data: what the firmware is asked to do and what the kernel
 * does with the rest. Two policies differ by a few values.
 */
export interface Policy {
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** First kernel release that can do it, or the thread that proposed it. */
  readonly since: string;
  /**
   * Whether the kernel understands unaccepted memory and says so to the firmware. Otherwise
   * the firmware accepts everything before it hands over (ExitBootServices).
   */
  readonly kernelTakesUnaccepted: boolean;
  /** Whether the firmware accepts everything before it starts the kernel, whatever that understands. */
  readonly firmwareAcceptsAll: boolean;
  /** How the firmware tells of memory that it leaves unaccepted, whatever `firmware.highMemory` says. */
  readonly highMemory?: HighMemory;
  /**
   * What the kernel does with unaccepted memory: it accepts all of it while it boots; it leaves
   * blocks of 4 MiB until its allocator needs them; it leaves everything until somebody touches it.
   */
  readonly kernel: "boot" | "allocation" | "fault";
  /**
   * The kernel's record is a flag in each struct page, and nothing else. It starts as the firmware's map
   * says, so it knows nothing of what stub and decompressor accept before there are struct pages; and it is
   * gone with the kernel.
   */
  readonly flagsPages?: true;
  /** Threads that accept beside the workload: so much per second, or what falls short of the watermark. */
  readonly threads?: "rate" | "watermark";
  /** What a scenario can set under `strategy`, with the defaults. */
  readonly parameters: StrategyDocument;
}
