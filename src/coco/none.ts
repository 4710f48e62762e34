import type { CocoPlatform, PlatformKind } from "./platform.js";

/**
 * A plain virtual machine: all memory is usable, nothing is private, and accepting is a call
 * that does nothing. Its host backs memory when the guest touches it (see host/).
 */
export class PlainPlatform implements CocoPlatform {
  readonly name: PlatformKind = "none";
  readonly acceptedPages = 0;
  readonly sharedPages = 0;
  readonly acceptedSharedPages = 0;
  readonly keptPages = 0;
  readonly privatePages = 0;
  readonly tablePages = 0;
  readonly pamtPages = 0;

  launchPages(): void {}

  firmwareAccept(): void {}

  stubAccept(): void {}

  kernelAccept(): void {}

  convertToShared(): void {}

  remap(): void {}

  alias(): "unnoticed" {
    return "unnoticed";
  }

  access(): "ok" {
    return "ok";
  }

  acceptAgain(): void {}

  usableBytesIn(start: number, end: number): number {
    return end - start;
  }
}
