import { type E820Entry, E820Type } from "../efistub/setup-e820.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { AddressRange } from "../units.js";
import type { LayerKey } from "./layers.js";

export interface RangeInLayer extends AddressRange {
  readonly layer: LayerKey;
}

const LAYER_OF_EFI: Readonly<Record<EfiMemoryType, LayerKey>> = {
  [EfiMemoryType.RESERVED]: "mapReserved",
  [EfiMemoryType.LOADER_CODE]: "mapUsable",
  [EfiMemoryType.LOADER_DATA]: "mapUsable",
  [EfiMemoryType.BOOT_SERVICES_CODE]: "mapUsable",
  [EfiMemoryType.BOOT_SERVICES_DATA]: "mapUsable",
  [EfiMemoryType.RUNTIME_SERVICES_CODE]: "mapFirmware",
  [EfiMemoryType.RUNTIME_SERVICES_DATA]: "mapFirmware",
  [EfiMemoryType.CONVENTIONAL]: "mapUsable",
  [EfiMemoryType.UNUSABLE]: "mapReserved",
  [EfiMemoryType.ACPI_RECLAIM]: "mapAcpi",
  [EfiMemoryType.ACPI_NVS]: "mapAcpi",
  [EfiMemoryType.MEMORY_MAPPED_IO]: "mapReserved",
  [EfiMemoryType.MEMORY_MAPPED_IO_PORT_SPACE]: "mapReserved",
  [EfiMemoryType.PAL_CODE]: "mapReserved",
  [EfiMemoryType.PERSISTENT]: "mapReserved",
  [EfiMemoryType.UNACCEPTED]: "mapUnaccepted",
};

const LAYER_OF_E820: Readonly<Record<E820Type, LayerKey>> = {
  [E820Type.RAM]: "mapUsable",
  [E820Type.RESERVED]: "mapReserved",
  [E820Type.ACPI]: "mapAcpi",
  [E820Type.NVS]: "mapAcpi",
  [E820Type.UNUSABLE]: "mapReserved",
  [E820Type.PMEM]: "mapReserved",
  [E820Type.SOFT_RESERVED]: "mapReserved",
};

/** The firmware's map, or without EFI the e820 table in its place. */
export function mapLayers(
  finalMap: readonly EfiMemoryDescriptor[],
  entries: readonly E820Entry[],
): RangeInLayer[] {
  return finalMap.length > 0
    ? finalMap.map(({ start, end, type }) => ({ start, end, layer: LAYER_OF_EFI[type] }))
    : entries.map(({ start, end, type }) => ({ start, end, layer: LAYER_OF_E820[type] }));
}
