/** Light and dark: as the system has it, or as the button says for as long as the page is open. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { COLOURS, type Theme, type ThemeColours } from "../../index.js";

/** Of pictures on the page: their ground is that of the card they lie on (page.css, --card). */
export const PAGE_COLOURS: Readonly<Record<Theme, ThemeColours>> = {
  light: { ...COLOURS.light, background: "#ffffff" },
  dark: { ...COLOURS.dark, background: "#151b23" },
};

const DARK = "(prefers-color-scheme: dark)";

/** @returns the theme that is shown, and what turns it over */
export function useTheme(): readonly [theme: Theme, turn: () => void] {
  const [system, setSystem] = useState<Theme>(systemTheme);
  const [chosen, setChosen] = useState<Theme | undefined>();
  useEffect(() => {
    const query = matchMedia(DARK);
    const listen = (): void => setSystem(systemTheme());
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  const theme = chosen ?? system;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return [theme, () => setChosen(theme === "dark" ? "light" : "dark")];
}

function systemTheme(): Theme {
  return matchMedia(DARK).matches ? "dark" : "light";
}

interface ThemeButtonProps {
  readonly theme: Theme;
  readonly turn: () => void;
}

export function ThemeButton({ theme, turn }: ThemeButtonProps): JSX.Element {
  return (
    <button type="button" class="quiet" onClick={turn}>
      {theme === "dark" ? "Light" : "Dark"}
    </button>
  );
}
