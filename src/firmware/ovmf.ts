import type { Firmware } from "./firmware.js";

/** OVMF in a guest whose memory needs no acceptance: it accepts nothing and leaves no memory of type 15. */
export const ovmf: Firmware = {
  name: "ovmf",
  summary: "a guest whose memory needs no acceptance",
  launchRanges: [],
  acceptanceProtocol: false,
  report: "efi",
  preAccept: () => [],
};
