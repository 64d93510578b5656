import type { Cause } from "../cause.ts";

/** The admission that something is down and nothing in the catalogue fits. `diagnose` adds it, with what was seen. */
export const UNEXPLAINED: Cause = {
  id: "unexplained",
  row: null,
  light: "api",
  state: "down",
  word: "unexplained",
  title: "Something is wrong that fits no known cause",
  repairs: ["wait", "open-api-settings", "restart-soft", "stop-and-start", "restart-container"],
  requires: "a light that is down or degraded",
  ruledOutBy: "any cause of the catalogue that fits",
  decides: "The report with all that was seen; the gateway's own screen.",
  when: () => null,
};
