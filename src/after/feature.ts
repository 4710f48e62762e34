import type { Booted } from "../guest/state.js";

/** Something that happens to a guest once its init runs. Each has a file or a folder here, and a line in `AFTER_BOOT`. */
export interface Feature<Name extends string, Plan, Facts> {
  /** Key of what a scenario asks for, and of what came of it in a result. */
  readonly name: Name;
  /** Whether the kernel that booted ends with it; whatever has that comes last. */
  readonly endsKernel?: true;
  /** @returns undefined where nothing is asked for */
  begin(up: Booted, plan: Plan | undefined): Begun<Facts> | undefined;
}

export interface Begun<Facts> {
  /** @throws GuestEnded when the guest does not survive it */
  run(): void;
  /** Its result so far; undefined where there is nothing to tell. */
  readonly result: Facts | undefined;
}
