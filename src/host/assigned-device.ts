/** A device of the host that a guest has to itself, by VFIO: its DMA needs memory that stays where it is. */

/** What the VMM maps memory for DMA with: a container of vfio_iommu_type1, or iommufd. */
export const ASSIGNED_DEVICES = ["none", "type1", "iommufd"] as const;
export type AssignedDevice = (typeof ASSIGNED_DEVICES)[number];

/**
 * Mappings that a container takes (Linux drivers/vfio/vfio_iommu_type1.c: dma_entry_limit, since 5.1). iommufd has
 * no such limit.
 */
export const DMA_ENTRY_LIMIT = 65_535;

/** What a run says of it. */
export interface DmaResult {
  /** The most mappings at one time. */
  readonly mappings: number;
  /** Memory that the host cannot take away at the end, because a device may write to it; bytes. */
  readonly pinnedBytes: number;
}
