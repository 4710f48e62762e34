import type { AcceptedBy } from "../accept/accept-meter.js";
import type { AddressRange, PhysAddr } from "../units.js";
import type { AcceptLayer } from "./layers.js";
import type { GuestOnItsWay } from "./run-watch.js";

/** Why the kernel of a guest accepts, which the platform that does it is not told. */
export class AcceptOrigins {
  readonly #guest: GuestOnItsWay;
  /** What an allocation or a thread in the background accepts right now. */
  #asked: AddressRange | undefined = undefined;
  #marked: object | undefined = undefined;

  constructor(guest: GuestOnItsWay) {
    this.#guest = guest;
  }

  /** The block that has left the allocator's list and is being accepted. */
  get block(): AddressRange | undefined {
    return this.#asked;
  }

  layer(by: keyof AcceptedBy): AcceptLayer {
    if (by !== "kernel") return by;
    if (this.#guest.background?.accepts === true) return "background";
    if (this.#asked !== undefined) return "onDemand";
    return this.#guest.ready === undefined ? "kernelBoot" : "kernelLater";
  }

  /** From when there is a page allocator, its accepts are told from those for no allocation. */
  followAllocator(): void {
    const { kernel } = this.#guest;
    if (kernel === undefined || this.#marked === kernel) return;
    this.#marked = kernel;
    const { acceptor } = kernel.allocator;
    const asked = (start: PhysAddr, sizeBytes: number, ask: () => void): void => {
      this.#asked = { start, end: start + sizeBytes };
      try {
        ask();
      } finally {
        this.#asked = undefined;
      }
    };
    kernel.allocator.acceptor = {
      acceptMemory: (start, sizeBytes) =>
        asked(start, sizeBytes, () => acceptor.acceptMemory(start, sizeBytes)),
      noteDecision: (zone, pages) => acceptor.noteDecision?.(zone, pages),
      ...(acceptor.touch === undefined
        ? {}
        : { touch: (start, sizeBytes) => asked(start, sizeBytes, () => acceptor.touch?.(start, sizeBytes)) }),
    };
  }
}
