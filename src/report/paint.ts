/** Emphasis in reports for people; the caller decides what it looks like, if anything. */

/** What a piece of text is, for whoever colours it. */
export type TextRole = "title" | "failure" | "note";

/** Returns the text with or without terminal codes around it. It must not change what is read. */
export type Paint = (role: TextRole, text: string) => string;

/** Leaves every text as it is. */
export const plainPaint: Paint = (_role, text) => text;
