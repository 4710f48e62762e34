/** What there is to say where a VMM backs memory before the guest starts, which a scenario cannot. @param words of the text */
export function preallocated(words: string, isConfidential: boolean): string {
  return isConfidential
    ? `${words}: the host backs shared memory before the guest starts; private memory is backed as host.prefault and the platform say`
    : `${words}: the host backs all RAM before the guest starts; simulated memory is backed at its first use`;
}
