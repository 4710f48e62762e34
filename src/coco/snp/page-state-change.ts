import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";

/** Entries of a request: pages of 4 KiB, then of 2 MiB, then of 4 KiB, as one range makes them. */
export interface EntryRuns {
  readonly head: number;
  readonly large: number;
  readonly tail: number;
}

/**
 * Charges the page state changes of one range, asked for through the GHCB (GHCB specification,
 * SNP Page State Change, exit code 0x80000010).
 *
 * The guest sends its entries in requests of `entriesPerExit`, one VMGEXIT each. KVM hands
 * neighbouring entries of one size to the VMM together (6.12 arch/x86/kvm/svm/sev.c:
 * snp_begin_psc), so a request takes one exit to user space, and one more for each change of
 * the page size within it. The VMM sets the memory attributes at each.
 *
 * @param pages what the entries cover, in 4 KiB pages
 */
export function chargePageStateChange(
  ledger: CostLedger,
  runs: EntryRuns,
  pages: number,
  entriesPerExit: number,
): void {
  const { head, large, tail } = runs;
  const requests = Math.ceil((head + large + tail) / entriesPerExit);
  let userExits = requests;
  // A change of size between two requests costs no exit of its own.
  if (head > 0 && large > 0 && head % entriesPerExit !== 0) userExits++;
  if (large > 0 && tail > 0 && (head + large) % entriesPerExit !== 0) userExits++;
  ledger.charge(CostEvent.vmgexitPsc, requests);
  chargeUserExits(ledger, userExits, pages);
}

/** Charges the page state changes of a range through the MSR protocol: a VMGEXIT for each 4 KiB page. */
export function chargeMsrPageStateChange(ledger: CostLedger, pages: number): void {
  ledger.charge(CostEvent.vmgexitPsc, pages);
  chargeUserExits(ledger, pages, pages);
}

/** KVM_EXIT_HYPERCALL with KVM_HC_MAP_GPA_RANGE; the VMM answers with KVM_SET_MEMORY_ATTRIBUTES. */
function chargeUserExits(ledger: CostLedger, userExits: number, pages: number): void {
  ledger.charge(CostEvent.userExit, userExits);
  ledger.charge(CostEvent.attributeSet, userExits);
  ledger.charge(CostEvent.attributeSetPage, pages);
}
