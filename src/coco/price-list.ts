import { COST_EVENT_COUNT, CostEvent } from "../sim/cost-events.js";
import type { PriceList } from "../sim/cost-ledger.js";
import type { ParameterSet } from "./parameter.js";

/** Which parameter prices which event. */
const PARAMETER_OF: Readonly<Record<Exclude<keyof typeof CostEvent, "guestWork">, string>> = {
  tdcall: "tdcallNs",
  tdcallMismatch: "tdcallFailNs",
  tdcallAlreadyAccepted: "tdcallFailNs",
  eptViolation4k: "eptViolation4kNs",
  eptViolation2m: "eptViolation2mNs",
  eptViolation1g: "eptViolation1gNs",
  acceptZero4k: "acceptZero4kNs",
  acceptZero2m: "acceptZero2mNs",
  acceptZero1g: "acceptZero1gNs",
  septAdd: "septAddNs",
  vmgexitPsc: "vmgexitNs",
  userExit: "userExitNs",
  attributeSet: "attributeSetNs",
  attributeSetPage: "attributeSetPageNs",
  npf4k: "npf4kNs",
  npf2m: "npf2mNs",
  prefault4k: "prefault4kNs",
  prefault2m: "prefault2mNs",
  pvalidate4k: "pvalidate4kNs",
  pvalidate2m: "pvalidate2mNs",
  pvalidateMismatch: "pvalidateMismatchNs",
  directMapSplit: "directMapSplitNs",
  evictTouch4k: "evictTouch4kNs",
  initStructPage: "initStructPageNs",
  launch: "launchNs",
  firmwareFixed: "firmwareFixedNs",
  idleCpuDelay: "idleCpuDelayNs",
  mapGpa: "mapGpaNs",
  septRemove: "septRemoveNs",
  pamtAdd: "pamtAddNs",
  svsmCall: "svsmCallNs",
  psmash: "psmashNs",
  rmpupdateShared: "rmpupdateSharedNs",
  firmwareMpSetup: "firmwareMpSetupNs",
  firmwareApSetup: "firmwareApSetupNs",
  userTouch4k: "userTouch4kNs",
  exception: "exceptionNs",
  leafSplit: "leafSplitNs",
  leafChange: "leafChangeNs",
  tlbFlush: "tlbFlushNs",
  tlbFlushCpu: "tlbFlushCpuNs",
  launchPage4k: "launchPage4kNs",
};

/**
 * Prices of all events. Those a platform has no parameter for do not happen on it and cost
 * nothing.
 */
export function priceList(parameters: ParameterSet): PriceList {
  const ns = new Float64Array(COST_EVENT_COUNT);
  const assumed = new Uint8Array(COST_EVENT_COUNT);
  for (const [name, parameterName] of Object.entries(PARAMETER_OF)) {
    const parameter = parameters[parameterName];
    if (parameter === undefined) continue;
    const event = CostEvent[name as keyof typeof CostEvent];
    ns[event] = parameter.value;
    assumed[event] = parameter.basis === "assumed" ? 1 : 0;
  }
  return { ns, assumed };
}
