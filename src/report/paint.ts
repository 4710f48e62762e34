/** How wide lines may be, and how parts of them look. */

/** Where lines are shown. */
export interface Place {
  /** Most characters in a line. */
  readonly width: number;
}

/**
 * Where no terminal says how wide it is, in files and on pages, whoever makes them: what a terminal has if
 * nobody made it wider, and no page has to scroll sideways.
 */
export const PAGE_WIDTH = 80;

/** The role of a text, for the caller that colours it. */
export type TextRole = "title" | "failure" | "note";

/** Returns the text with or without terminal codes around it. It must not change what is read. */
export interface Paint extends Place {
  (role: TextRole, text: string): string;
}

export const plainPaint: Paint = Object.assign((_role: TextRole, text: string) => text, {
  width: PAGE_WIDTH,
});
