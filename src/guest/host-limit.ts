import { trackingBytes } from "../host/guest-memory.js";
import { bindingRefusal } from "../host/tdx-module/guest-share.js";
import { type ReadyTdxModule, startTdxModule } from "../host/tdx-module/start.js";
import { GuestEnded } from "../sim/guest-ended.js";
import type { Guest } from "./guest.js";

/**
 * Starts the TDX module of the host, if the scenario has one.
 *
 * @throws GuestEnded when it does not start: then no TDX guest runs there
 */
export function startTdxHost({ platform, host }: Guest["scenario"]): ReadyTdxModule | undefined {
  if (platform.kind !== "tdx" || host.tdxModule === undefined) return undefined;
  const module = startTdxModule(host.tdxModule, host.dynamicPamt);
  if (module.outcome === "failed")
    throw new GuestEnded("terminated", `the host has no TDX: ${module.reason}`);
  return module;
}

/**
 * Leaves the guest what the host has for it, where the scenario says how much that is.
 *
 * @param module the host's, if the scenario has one
 * @throws GuestEnded when the host does not create this guest
 */
export function limitToHost({ scenario, host }: Guest, module: ReadyTdxModule | undefined): void {
  const { memoryBytes, dynamicPamt, tdxModule: plan } = scenario.host;
  const { kind } = scenario.platform;
  if (memoryBytes !== undefined && kind !== "none") {
    const metadataBytes = trackingBytes(kind, memoryBytes, dynamicPamt);
    const privateBytes = Math.max(memoryBytes - metadataBytes, 0);
    host.limitTo({ privateBytes, otherBytes: 0, metadataBytes, where: "" });
  }
  if (plan === undefined || module === undefined) return;
  const refusal = bindingRefusal(plan, module.capableNodes);
  if (refusal !== undefined) throw new GuestEnded("terminated", refusal);
  host.limitTo({
    privateBytes: module.guestShare.freeBytes,
    otherBytes: module.guestShare.foreignBytes,
    metadataBytes: module.pamtBytes,
    where: plan.guestNode === "any" ? "" : ` on node ${plan.guestNode}`,
  });
}
