/**
 * The resource that all CPUs share when they accept memory: the bandwidth of memory, the host's locks. It
 * is a fluid: work takes its time in the channel once, however many CPUs bring it, so n CPUs together
 * are n times as fast as one until the channel is full, and no faster from there on.
 */
export class BandwidthChannel {
  #freeNs = 0;

  /**
   * @param arrivalNs when the CPU began the step that the work is part of. The channel takes all of
   *   a step's work then, so that a long step does not keep it from others that begin meanwhile
   * @param aloneEndNs when the work would end if no other CPU did any
   * @param sharedNs how long it takes the channel, not more than it takes the CPU
   */
  finish(arrivalNs: number, aloneEndNs: number, sharedNs: number): number {
    this.#freeNs = Math.max(this.#freeNs, arrivalNs) + sharedNs;
    return Math.max(aloneEndNs, this.#freeNs);
  }

  /** When all work is done that it has been given. */
  get freeNs(): number {
    return this.#freeNs;
  }
}
