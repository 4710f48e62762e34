/** Pictures, drawn in the page. */

import { type Drawn, renderSvg, type ThemeColours } from "../index.js";

/** @returns an element that says to screen readers what is to be seen; the same picture gives the same element */
export async function renderPicture(
  drawn: Pick<Drawn, "title" | "description" | "spec">,
  colours: ThemeColours,
): Promise<Element> {
  const svg = new DOMParser().parseFromString(await renderSvg(drawn, colours), "image/svg+xml");
  const picture = document.importNode(svg.documentElement, true);
  // The picture is one thing with a name; its marks have roles, but none.
  for (const mark of picture.querySelectorAll("[role], [aria-roledescription]")) {
    mark.removeAttribute("role");
    mark.removeAttribute("aria-roledescription");
  }
  return picture;
}
