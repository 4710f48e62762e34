import type { CocoPlatform } from "../coco/platform.js";
import type { Need, SettledOf } from "../fields/field.js";
import { CONFIDENTIAL } from "../guest/needs.js";
import type { Booted } from "../guest/state.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { chanceAt } from "../sim/prng.js";
import { PAGE_SIZE } from "../units.js";
import type { Feature } from "./feature.js";

/**
 * A host that attacks. It puts other memory in the place of accepted pages, or the memory of another
 * accepted page, so that one page of the host is at two addresses of the guest. A guest that finds a page
 * unaccepted again stops, accepts it again and says so, or accepts it again in silence.
 */
export const ATTACK = {
  pages: {
    is: "count",
    min: 1,
    max: 1_048_576,
    default: 1,
    what: "how many accepted pages of 4 KiB the host puts something else in the place of",
  },
  kind: {
    is: "choice",
    of: ["replace", "alias"],
    default: "replace",
    what: "whether the host puts other memory in their place, or that of another accepted page, which is then at two addresses",
  },
  answer: {
    is: "choice",
    of: ["terminate", "warn", "ignore"],
    needs: [CONFIDENTIAL] as readonly Need[],
    default: "terminate",
    what: "what the guest does when it finds such a page unaccepted again",
  },
} as const;
export type AttackPlan = SettledOf<typeof ATTACK>;

export interface AttackResult {
  /** Pages of 4 KiB that the host replaced before the guest stopped, or all it meant to. */
  readonly pages: number;
  /** Pages that the guest accepted again and complained about. */
  readonly warnings: number;
  /** Pages whose contents are gone without the guest knowing. */
  readonly integrityViolations: number;
  /** Of an attack that puts a page's memory in two places: how often the TDX module or the reverse map table stopped it. */
  readonly stopped?: number;
}

/** A host that attacks, when the guest is ready. */
export const attack: Feature<"attack", AttackPlan, AttackResult> = {
  name: "attack",
  begin: (up, plan) => (plan === undefined ? undefined : new Attack(up, plan)),
};

/**
 * A hostile host takes accepted pages of the kernel away, gives new ones in their place, and the
 * guest touches them. Memory that was accepted once and asks to be accepted again is the sign of
 * such a host, so a guest must stop; one that accepts again goes on with other contents (TDX: with
 * zeros) than it had. A page that the guest shares is the host's to write to; it takes
 * private ones. The pages are those of the kernel's image; which of them is decided by the seed.
 */
class Attack {
  readonly #up: Booted;
  readonly #plan: AttackPlan;
  #pages = 0;
  #warnings = 0;
  #integrityViolations = 0;
  #stopped: number | undefined = undefined;

  constructor(up: Booted, plan: AttackPlan) {
    this.#up = up;
    this.#plan = plan;
  }

  get result(): AttackResult {
    return {
      pages: this.#pages,
      warnings: this.#warnings,
      integrityViolations: this.#integrityViolations,
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
  }

  /** @throws GuestEnded when the guest ends; `result` tells how far the host came */
  run(): void {
    const { guest, kernel, handOver } = this.#up;
    const { platform, clock, options } = guest;
    const plan = this.#plan;
    const target = handOver.kernel;
    const { map } = kernel.early.earlyMap;
    const privatePages: number[] = [];
    for (let page = target.start; page < target.end; page += PAGE_SIZE) {
      if (!map.isShared(page)) privatePages.push(page);
    }
    if (privatePages.length < (plan.kind === "alias" ? 2 : 1)) return;
    const at = (draw: number): number => Math.floor(chanceAt(options.seed, draw) * privatePages.length);
    for (let count = 0; count < plan.pages; count++) {
      const first = at(count);
      const start = privatePages[first]!;
      this.#pages++;
      if (plan.kind === "replace") {
        platform.remap(start, start + PAGE_SIZE);
        this.#touch(platform, start, plan.answer);
        continue;
      }
      const second = at(plan.pages + count);
      const other = privatePages[second === first ? (second + 1) % privatePages.length : second]!;
      this.#stopped ??= 0;
      if (platform.alias(start, other) !== "unnoticed") this.#stopped++;
      for (const page of [other, start]) this.#touch(platform, page, plan.answer);
    }
    clock.settle(0);
  }

  #touch(platform: CocoPlatform, page: number, answer: AttackPlan["answer"]): void {
    const outcome = platform.access(page, page + PAGE_SIZE);
    const where = `page 0x${page.toString(16)}, which it had accepted, is not accepted any more`;
    if (outcome === "td-exit") {
      throw new GuestEnded(
        "terminated",
        `${where}; touching it leaves the TD for a host that cannot mend it`,
      );
    }
    if (outcome === "ok") {
      // A plain guest cannot tell.
      if (!platform.type.isConfidential) this.#integrityViolations++;
      return;
    }
    if (answer === "terminate") throw new GuestEnded("terminated", `${where}; the guest stops`);
    platform.acceptAgain(page, page + PAGE_SIZE);
    if (answer === "warn") this.#warnings++;
    else this.#integrityViolations++;
  }
}
