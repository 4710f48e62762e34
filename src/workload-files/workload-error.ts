/** A file that cannot be a workload, or not the one that is described. The message is one line and begins with its path. */
export class WorkloadError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WorkloadError";
  }
}
