/** What a number or a word says about a span or a moment: `{ bytes: 4194304, order: 0 }`. */
export type Details = Readonly<Record<string, number | string>>;

/** Time of a CPU in one piece. Spans of a CPU lie side by side or one in another, and are told when they end. */
export interface Span {
  readonly what: string;
  readonly cpu: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly details?: Details;
}

/** Told of what takes time, as it happens; a run that nobody observes has none. It changes nothing. */
export interface Observer {
  span(span: Span): void;
  moment(what: string, cpu: number, atNs: number, details?: Details): void;
}
