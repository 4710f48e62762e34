/** What a scenario file may say about a host whose TDX module is to start. */

import { z } from "zod";
import { subtractRanges } from "../firmware/ranges.js";
import { type AddressRange, formatBytes } from "../units.js";
import type { HostRangeDocument, Quantity, TdxModuleDocument } from "./document.js";
import { hostAddressBytes } from "./quantities.js";
import { integer, names, oneOrMore, quantity } from "./schema-leaves.js";

const hostAddress: z.ZodType<Quantity> = quantity(
  "an address on a page boundary such as 2GiB",
  hostAddressBytes,
  ["1MiB", "2GiB"],
);
const hostSize: z.ZodType<Quantity> = quantity("a size in whole pages such as 16GiB", hostAddressBytes, [
  "16GiB",
]);
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

/** For `check` of a piece of memory: others use no more than there is. */
function usedWithin({ value, issues }: z.core.ParsePayload<TdxModuleDocument["memory"][number]>): void {
  const sizeBytes = hostAddressBytes(value.end)! - hostAddressBytes(value.start)!;
  if (hostAddressBytes(value.used ?? 0)! <= sizeBytes || sizeBytes < 0) return;
  issues.push({
    code: "custom",
    input: value.used,
    path: ["used"],
    message: `expected at most the ${formatBytes(sizeBytes)} of the range`,
  });
}

/** For `check` of the whole host: what is removed was there, and so is the node of the guest. */
function namesOwnMemory({ value, issues }: z.core.ParsePayload<TdxModuleDocument>): void {
  const memory = value.memory.map(rangeOf);
  for (const [at, one] of (value.removed ?? []).entries()) {
    if (subtractRanges([rangeOf(one)], memory).length === 0) continue;
    const path = ["removed", at, "start"];
    issues.push({ code: "custom", input: one, path, message: "expected a range of the host's memory" });
  }
  const nodes = [...new Set(value.memory.map(({ node = 0 }) => node))];
  const { guestNode = "any" } = value;
  for (const node of Array.isArray(guestNode) ? guestNode : [guestNode]) {
    if (node === "any" || nodes.includes(node)) continue;
    const message = `expected any or a node of the host's memory (${nodes.join(", ")})`;
    issues.push({ code: "custom", input: node, path: ["guestNode"], message });
  }
}

function rangeOf({ start, end }: HostRangeDocument): AddressRange {
  return { start: hostAddressBytes(start)!, end: hostAddressBytes(end)! };
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
            used: hostSize.describe("How much of it others use; default 0").exactOptional(),
          })
          .check(endAboveStart)
          .check(usedWithin),
      )
      .min(1)
      .describe("The host's memory in ascending order"),
    convertible: z
      .array(z.strictObject(hostRange).check(endAboveStart))
      .min(1)
      .describe("Memory the platform can protect (CMRs)"),
    listFrom: oneOrMore(names(["memblock", "snapshot", "discarded"]))
      .describe(
        "Which memory the module is told of when it starts: memblock as it is by then (Linux 6.12), a snapshot " +
          "of it from the boot (the v6 series of 2022), or a memblock that was discarded after the boot; default memblock",
      )
      .exactOptional(),
    removed: z
      .array(
        z
          .strictObject({
            ...hostRange,
            when: names(["before", "after"])
              .describe("Before the module starts or after; default after")
              .exactOptional(),
          })
          .check(endAboveStart),
      )
      .describe("Memory of the boot that is removed while the host runs")
      .exactOptional(),
    hotplug: z
      .array(z.strictObject(hostRange).check(endAboveStart))
      .describe("Memory plugged in after the module has started")
      .exactOptional(),
    hotplugPolicy: oneOrMore(names(["refuse", "allow", "nodes"]))
      .describe(
        "What the host does with plugged memory that the module does not know: keeps it offline (Linux 6.12), " +
          "lets it go online (v6: the owner sees to it), or does so and starts only guests that are bound to a node without any; default refuse",
      )
      .exactOptional(),
    guestNode: oneOrMore(z.union([integer(0, 1023), names(["any"])]))
      .describe("NUMA node of the host that the guest's memory has to come from; default any")
      .exactOptional(),
    maxTdmrs: integer(1, 1024).describe("Most regions the module can be told; default 64").exactOptional(),
    maxReservedPerTdmr: integer(1, 1024)
      .describe("Most reserved areas in a region; default 16")
      .exactOptional(),
  })
  .check(namesOwnMemory)
  .describe("TDX: the whole host, to simulate the start of its TDX module as well");
