/** What a scenario file may say about what happens to a guest once it is up. */

import { z } from "zod";
import type { ScenarioDocument } from "./document.js";
import { hotplugBytes, initrdBytes } from "./quantities.js";
import { integer, names, oneOrMore, quantity } from "./schema-leaves.js";

/** `hotplug`. */
export const hotplug: z.ZodType<NonNullable<ScenarioDocument["hotplug"]>> = z
  .strictObject({
    memory: oneOrMore(quantity("a size in whole 128MiB", hotplugBytes, ["1GiB"]))
      .describe("Size of the memory device; default 1GiB")
      .exactOptional(),
    acceptance: oneOrMore(names(["assumed", "online", "lazy"]))
      .describe(
        "Whether the kernel takes it for accepted, accepts it as it goes online, or on demand; not with kexec; default assumed",
      )
      .exactOptional(),
  })
  .describe("When init runs, a memory device is plugged in behind the guest's RAM and goes online");

/** `drain`. */
export const drain: z.ZodType<NonNullable<ScenarioDocument["drain"]>> = z
  .strictObject({
    workers: oneOrMore(integer(1, 4096))
      .describe("Processes that touch memory, 1 to 4096; default 1")
      .exactOptional(),
  })
  .describe("After the boot, processes touch anonymous memory until nothing is left to accept");

/** `attack`. */
export const attack: z.ZodType<NonNullable<ScenarioDocument["attack"]>> = z
  .strictObject({
    pages: oneOrMore(integer(1, 2 ** 20))
      .describe("How many accepted pages of 4 KiB the host puts something else in the place of; default 1")
      .exactOptional(),
    kind: oneOrMore(names(["replace", "alias"]))
      .describe(
        "Whether the host puts other memory in their place, or that of another accepted page, which is then at " +
          "two addresses; default replace",
      )
      .exactOptional(),
    answer: oneOrMore(names(["terminate", "warn", "ignore"]))
      .describe("What the guest does when it finds such a page unaccepted again; default terminate")
      .exactOptional(),
  })
  .describe("When the guest is ready, the host takes accepted pages away and gives them back");

/** `kexec`. */
export const kexec: z.ZodType<NonNullable<ScenarioDocument["kexec"]>> = z
  .strictObject({
    kind: oneOrMore(names(["kexec", "kdump"]))
      .describe(
        "The kernel starts the next one, or crashes and a crash kernel reads its memory; default kexec",
      )
      .exactOptional(),
    table: oneOrMore(names(["handed-over", "rebuilt", "lost"]))
      .describe(
        "How the next kernel learns what is accepted: from the same table, from an e820 table made of it, or not at all; default handed-over",
      )
      .exactOptional(),
    initrd: oneOrMore(quantity("a size up to 1GiB", initrdBytes, ["64MiB"]))
      .describe("Size of the next kernel's initrd; default that of the first one")
      .exactOptional(),
  })
  .describe("After everything else, another kernel takes the guest over");
