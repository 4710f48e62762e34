/** One named part of the boot, in boot order. */
export interface PhaseTime {
  readonly name: string;
  readonly ns: number;
}
