import type { Booted, PoweredOff } from "../guest/state.js";

/** A guest on its way. */
export type GuestOnItsWay = PoweredOff & Partial<Booted>;

/** Told of a run as it goes on, as far as it wants. It changes nothing, but may end the run with an error of its own. */
export interface RunWatch {
  /** Before anything has happened to the guest. */
  begin?(guest: GuestOnItsWay): void;
  /** A step of the boot has ended. */
  stepEnded?(step: string): void;
  phaseEnded?(): void;
  /** Something that happens after the boot has ended. */
  featureEnded?(): void;
  /** The run has ended, also with the guest. */
  ended?(): void;
}
