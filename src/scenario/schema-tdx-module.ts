/** What a scenario file may say about a host whose TDX module is to start. */

import { z } from "zod";
import type { Quantity, TdxModuleDocument } from "./document.js";
import { hostAddressBytes } from "./quantities.js";
import { integer, quantity } from "./schema-leaves.js";

const hostAddress: z.ZodType<Quantity> = quantity(
  "an address on a page boundary such as 2GiB",
  hostAddressBytes,
  ["1MiB", "2GiB"],
);
const hostRange = {
  start: hostAddress.describe("First byte"),
  end: hostAddress.describe("First byte behind the range"),
} as const;

/** `host.tdxModule`. */
export const tdxModule: z.ZodType<TdxModuleDocument> = z
  .strictObject({
    memory: z
      .array(
        z.strictObject({
          ...hostRange,
          node: integer(0, 1023).describe("NUMA node; default 0").exactOptional(),
        }),
      )
      .min(1)
      .describe("The host's memory in ascending order"),
    convertible: z.array(z.strictObject(hostRange)).min(1).describe("Memory the platform can protect (CMRs)"),
    hotplug: z
      .array(z.strictObject(hostRange))
      .describe("Memory plugged in after the module has started")
      .exactOptional(),
    maxTdmrs: integer(1, 1024).describe("Most regions the module can be told; default 64").exactOptional(),
    maxReservedPerTdmr: integer(1, 1024)
      .describe("Most reserved areas in a region; default 16")
      .exactOptional(),
  })
  .describe("TDX: the whole host, to simulate the start of its TDX module as well");
