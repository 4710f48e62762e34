/** What a guest's memory can be, layer by layer, and how each is known. */

import type { AcceptedBy } from "../accept/accept-meter.js";

interface LayerOf {
  readonly name: string;
  readonly what: string;
}

/** Who accepted, as the map tells it: of a kernel also why. */
export type AcceptLayer =
  | Exclude<keyof AcceptedBy, "kernel">
  | "kernelBoot"
  | "onDemand"
  | "background"
  | "kernelLater";

export type LayerKey =
  | AcceptLayer
  | "mapUsable"
  | "mapUnaccepted"
  | "mapAcpi"
  | "mapFirmware"
  | "mapReserved"
  | "unaccepted"
  | "shared"
  | "reserved"
  | "free"
  | "host";

const ACCEPTED = "when each accept was done is exact, and memory stays in the layer of who accepted it first";
const MAP_AS_LEFT = "in the map that the kernel gets as boot services end";

/** In the order in which they are drawn, later ones on top. */
export const LAYERS: Readonly<Record<LayerKey, LayerOf>> = {
  mapUsable: {
    name: "map: usable",
    what: `free memory and that of loaders and boot services, ${MAP_AS_LEFT}`,
  },
  mapUnaccepted: { name: "map: unaccepted", what: `memory of type 15, ${MAP_AS_LEFT}` },
  mapAcpi: { name: "map: ACPI", what: `tables of ACPI and its own memory (NVS), ${MAP_AS_LEFT}` },
  mapFirmware: {
    name: "map: firmware",
    what: `code and data of the firmware's runtime services, ${MAP_AS_LEFT}`,
  },
  mapReserved: { name: "map: reserved", what: `what no kernel may use as memory, ${MAP_AS_LEFT}` },
  unaccepted: {
    name: "unaccepted",
    what: "RAM that nobody has accepted or made shared yet; exact at every accept and conversion",
  },
  launch: {
    name: "accepted at launch",
    what: `put into the guest by the VMM before it ran, which nobody has to accept; ${ACCEPTED}`,
  },
  firmware: {
    name: "accepted by firmware",
    what: `accepted by the firmware before boot services end; ${ACCEPTED}`,
  },
  exitBootServices: {
    name: "accepted at ExitBootServices",
    what: `accepted by the firmware as boot services end; ${ACCEPTED}`,
  },
  stub: { name: "accepted by stub", what: `accepted by the EFI stub or the decompressor; ${ACCEPTED}` },
  kernelBoot: {
    name: "accepted by kernel at boot",
    what: `accepted by the kernel before init runs and for no allocation: memblock, release of memory; ${ACCEPTED}`,
  },
  onDemand: {
    name: "accepted on demand",
    what: `accepted because an allocation or a first touch needed it, which waited; ${ACCEPTED}`,
  },
  background: {
    name: "accepted in background",
    what: `accepted by threads of the kernel that run beside the workload; ${ACCEPTED}`,
  },
  prm: {
    name: "accepted by PRM",
    what: `accepted by a method of the firmware as memory goes online; ${ACCEPTED}`,
  },
  kernelLater: {
    name: "accepted by kernel later",
    what: `accepted by a kernel after init runs and for no allocation: memory plugged in, kexec; ${ACCEPTED}`,
  },
  shared: {
    name: "shared with the host",
    what: "made shared and not accepted as private memory since; exact at every conversion and accept",
  },
  reserved: {
    name: "reserved by memblock",
    what: "what memblock had given away when the page allocator got the rest; what of it is freed later is not followed",
  },
  free: {
    name: "free",
    what: "on the buddy lists: sampled at ends of phases and at some accepts, so that it may be late by a sample",
  },
  host: {
    name: "host-backed",
    what: "private memory that the host has given: looked at where accepts and conversions are, and whole at ends of phases; a plain guest's has no known addresses",
  },
};

export const LAYER_KEYS: readonly LayerKey[] = Object.keys(LAYERS) as LayerKey[];
