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
  /** Whether the kernel leaves blocks of 4 MiB unaccepted until they are needed (accept_memory=lazy). */
  readonly lazy: boolean;
}
