/** A file that holds no results, or damaged ones. The message is one line that begins with the file. */
export class ResultsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ResultsError";
  }
}
