/** Whether the guest found no memory, or something stopped it: the platform, the host, its own kernel, the end of the clock. */
export type GuestEnd = "oom" | "terminated";

/** The guest cannot go on. That is no fault of the simulator but how its run comes out. */
export class GuestEnded extends Error {
  override readonly name: string = "GuestEnded";
  readonly outcome: GuestEnd;
  /** Whether it happened in the middle of a step whose costs so far still count. */
  readonly midStep: boolean = false;

  /** @param reason a clause or a sentence without its full stop */
  constructor(outcome: GuestEnd, reason: string) {
    super(reason);
    this.outcome = outcome;
  }
}
