interface Step {
  readonly name: string;
  /** Called with what all steps before it have added; returns what it adds itself. */
  readonly run: (state: never) => unknown;
}

interface PhaseEnd {
  readonly phase: string;
}

type Adds<Added> = Added extends object ? Added : unknown;

/**
 * Steps in the one order in which they happen. Each is given what those before it have added, so that the
 * compiler refuses a step that comes before what it needs.
 *
 *     const BOOT = Steps.from<{ guest: Guest }>()
 *       .step("memmap_init", ({ guest }) => ({ frames: framesOf(guest) }))
 *       .phase("first struct pages")
 *       .step("memblock_free_all", ({ frames }) => freeAll(frames));
 */
export class Steps<In extends object, Out extends object> {
  readonly #list: readonly (Step | PhaseEnd)[];

  private constructor(list: readonly (Step | PhaseEnd)[]) {
    this.#list = list;
  }

  static from<In extends object>(): Steps<In, In> {
    return new Steps([]);
  }

  /** @param name of the kernel function, or the program, that does the same */
  step<Added>(name: string, run: (state: Out) => Added): Steps<In, Out & Adds<Added>> {
    return new Steps([...this.#list, { name, run }]);
  }

  /** All since the end of the phase before has this name. */
  phase(phase: string): Steps<In, Out> {
    return new Steps([...this.#list, { phase }]);
  }

  followedBy<Last extends object>(steps: Steps<Out, Last>): Steps<In, Out & Last> {
    return new Steps([...this.#list, ...steps.#list]);
  }

  /** Those up to the end of a phase, after which not all may be there. @throws Error for a phase that there is not */
  until(phase: string): Steps<In, In & Partial<Out>> {
    const end = this.#list.findIndex((one) => "phase" in one && one.phase === phase);
    if (end < 0) throw new Error(`steps: no phase ${phase}`);
    return new Steps(this.#list.slice(0, end + 1));
  }

  /** Names of the steps; the name of a phase follows its last step. */
  get names(): readonly string[] {
    return this.#list.map((one) => ("phase" in one ? `= ${one.phase}` : one.name));
  }

  /**
   * Additions go to `state` itself, which shows how far they came where one throws.
   *
   * @param onStep told the name of each step that has ended
   */
  run<State extends In>(
    state: State,
    endPhase: (phase: string) => void,
    onStep: (name: string) => void = () => {},
  ): State & Out {
    for (const one of this.#list) {
      if ("phase" in one) endPhase(one.phase);
      else {
        Object.assign(state, one.run(state as never));
        onStep(one.name);
      }
    }
    return state as State & Out;
  }
}
