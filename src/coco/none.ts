import type { AddressRange } from "../units.js";
import { COMMON_PARAMETERS, measured, type ParameterSet } from "./parameters.js";
import { AcceptDone, type CocoPlatform, type PlatformType } from "./platform.js";

const PLAIN_BOOT =
  'TUM CVM_eval tasks/plot_boottime.py (repository of "Confidential VMs Explained", SIGMETRICS\'25): ' +
  "phases of a plain virtual machine; range half to two and a half times, an assumption";

/** Boot times of a plain virtual machine; there is nothing to accept. */
const PLAIN_PARAMETERS: ParameterSet = {
  ...COMMON_PARAMETERS,
  launchNs: measured("the VMM, up to the guest's first instruction", [140e6, 70e6, 350e6], PLAIN_BOOT),
  firmwareFixedNs: measured("the firmware without accepting", [1_144e6, 572e6, 2_860e6], PLAIN_BOOT),
};

export const PLAIN: PlatformType = {
  title: "plain",
  isConfidential: false,
  isAmd: false,
  defaultFirmware: "ovmf",
  defaultFlavour: "generic",
  statusChange: "finish",
  hasGhcb: false,
  needsTdxModule: false,
  needsRmp: false,
  parameters: PLAIN_PARAMETERS,
  exits: [],
  create: () => new PlainPlatform(),
};

/**
 * A plain virtual machine: all memory is usable, nothing is private, and accepting is a call
 * that does nothing. Its host backs memory when the guest touches it (see host/).
 */
export class PlainPlatform implements CocoPlatform {
  readonly type: PlatformType = PLAIN;
  readonly done: AcceptDone = new AcceptDone();
  readonly acceptedPages = 0;
  readonly sharedPages = 0;
  readonly acceptedSharedPages = 0;
  readonly keptPages = 0;
  readonly privatePages = 0;
  readonly tablePages = 0;
  readonly trackingPages = 0;

  trackingBytes(): number {
    return 0;
  }

  backedRanges(): AddressRange[] {
    return [];
  }

  launchPages(): void {}
  firmwareAccept(): void {}
  stubAccept(): void {}
  kernelAccept(): void {}
  alikeAccepts(): undefined {}
  convertToShared(): void {}
  askForPrivate(): void {}
  shareDevices(): void {}
  remap(): void {}
  acceptAgain(): void {}

  alias(): "unnoticed" {
    return "unnoticed";
  }

  access(): "ok" {
    return "ok";
  }

  firstUnusable(_start: number, end: number): number {
    return end;
  }

  usableBytesIn(start: number, end: number): number {
    return end - start;
  }
}
