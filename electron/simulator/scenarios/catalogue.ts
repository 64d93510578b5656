import type { ScenarioInfo } from "../../../shared/snapshot.ts";
import { APIS } from "./apis.ts";
import { CONTAINERS } from "./containers.ts";
import { LOGINS } from "./logins.ts";
import { REACH } from "./reach.ts";
import type { Scenario } from "./scenario.ts";
import { SIDES } from "./sides.ts";
import { WEDGES } from "./wedge.ts";

export const SCENARIOS: readonly Scenario[] = [
  { id: "healthy", title: "Everything works", cause: null, play: () => undefined },
  {
    id: "market-closed",
    title: "Everything works; the market is closed",
    cause: null,
    play: ({ paper, live }) => {
      for (const { plan } of [paper, live]) plan.api.marketOpen = false;
    },
  },
  ...WEDGES,
  ...APIS,
  ...LOGINS,
  ...CONTAINERS,
  ...SIDES,
  ...REACH,
];

export function findScenario(id: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.id === id) ?? null;
}

/** What the simulator can play. */
export function listScenarios(): ScenarioInfo[] {
  return SCENARIOS.map(({ id, title, cause }) => ({ id, title, cause }));
}
