/* Light, dark, contrast: the themes of Teams, as tokens of Fluent. */

import { teamsDarkTheme, teamsHighContrastTheme, teamsLightTheme } from "@fluentui/tokens";
import { setTheme } from "@fluentui/web-components";

import type { ThemeName } from "./host";

const THEMES = { light: teamsLightTheme, dark: teamsDarkTheme, contrast: teamsHighContrastTheme };

/** Put on a theme. */
export function wear(theme: ThemeName): void {
  setTheme(THEMES[theme]);
  document.documentElement.dataset.theme = theme;
  document.documentElement.style.colorScheme = theme === "light" ? "light" : "dark";
}
