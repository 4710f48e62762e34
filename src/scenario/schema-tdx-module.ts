/** What a scenario file may say about a host whose TDX module is to start. */

import { z } from "zod";
import type { HostRangeDocument, Quantity, TdxModuleDocument } from "./document.js";
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

/** For `check` of a range. */
function endAboveStart({ value, issues }: z.core.ParsePayload<HostRangeDocument>): void {
  if (hostAddressBytes(value.start)! < hostAddressBytes(value.end)!) return;
  issues.push({
    code: "custom",
    input: value.end,
    path: ["end"],
    message: "expected an end above the start",
  });
}

/** `host.tdxModule`. */
export const tdxModule: z.ZodType<TdxModuleDocument> = z
  .strictObject({
    memory: z
      .array(
        z
          .strictObject({
            ...hostRange,
            node: integer(0, 1023).describe("NUMA node; default 0").exactOptional(),
          })
          .check(endAboveStart),
      )
      .min(1)
      .describe("The host's memory in ascending order"),
    convertible: z
      .array(z.strictObject(hostRange).check(endAboveStart))
      .min(1)
      .describe("Memory the platform can protect (CMRs)"),
    hotplug: z
      .array(z.strictObject(hostRange).check(endAboveStart))
      .describe("Memory plugged in after the module has started")
      .exactOptional(),
    maxTdmrs: integer(1, 1024).describe("Most regions the module can be told; default 64").exactOptional(),
    maxReservedPerTdmr: integer(1, 1024)
      .describe("Most reserved areas in a region; default 16")
      .exactOptional(),
  })
  .describe("TDX: the whole host, to simulate the start of its TDX module as well");
