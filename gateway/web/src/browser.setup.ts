import { configure } from "@testing-library/react";

// How long a test waits at most for what is to appear: long, since a machine may have much else to do. What appears ends the wait.
configure({ asyncUtilTimeout: 30_000 });

// What jsdom lacks and the chart asks for when it is loaded.
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
})) as unknown as typeof matchMedia;
