import type { Firmware, FirmwareModel, FirmwareName } from "./firmware.js";
import { ovmf, ovmfSnp, ovmfSnp2022, ovmfSnpNoProtocol } from "./ovmf-snp.js";
import { tdShim } from "./td-shim.js";
import { tdvf, tdvf2022 } from "./tdvf.js";

export const FIRMWARES: Readonly<Record<FirmwareModel, Firmware>> = {
  tdvf,
  "tdvf-2022": tdvf2022,
  "td-shim": tdShim,
  "ovmf-snp": ovmfSnp,
  "ovmf-snp-2022": ovmfSnp2022,
  "ovmf-snp-no-protocol": ovmfSnpNoProtocol,
  ovmf,
};

export const FIRMWARE_NAMES: readonly FirmwareName[] = [
  "auto",
  ...(Object.keys(FIRMWARES) as FirmwareModel[]),
];
