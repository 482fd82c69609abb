/** The colours of charts by the names of the page's style, as they are on a light ground: what is saved as a picture is printed. */
export const printed: Readonly<Record<string, string>> = {
  "--card": "#ffffff",
  "--text": "#1c2526",
  "--muted": "#566365",
  "--line": "#dbe1df",
  "--accent": "#1b6661",
  "--good": "#1b6661",
  "--bad": "#b4532f",
  "--mix": "#c98a1b",
  "--priority-1": "#b4532f",
  "--priority-2": "#c98a1b",
  "--priority-3": "#1b6661",
  "--priority-4": "#5f7fa8",
  "--light-red": "#c0392b",
  "--light-amber": "#e0a100",
  "--light-green": "#2e8b57",
};

/** A drawing's text with the page's colours put in, so that it looks the same outside of the page. */
export function inPrint(drawing: string): string {
  return drawing.replace(/var\((--[a-z0-9-]+)\)/g, (whole, name: string) => printed[name] ?? whole);
}
