/** The page around what it says: one file that asks for nothing from anywhere, and runs nothing. */

import { type Html, html, markup } from "./html.js";

/**
 * @param style is allowed by its hash; no script, no request and no other style is
 * @returns a document with a newline at its end
 */
export async function documentText(title: string, style: string, body: Html): Promise<string> {
  const policy = `default-src 'none'; style-src 'sha256-${await sha256(style)}'; base-uri 'none'; form-action 'none'`;
  const { text } = html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style>${markup(style)}</style></head>
<body>${body}</body></html>
`;
  return text;
}

/** As a content security policy has it: of the text between the tags, in base64. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
