import { everywhereAway } from "../quiet-region.ts";
import { type Fault, told } from "./fault.ts";

/** The gateway's own line to IBKR: rows 20, 22, 43 and 44. */

export const BROKER_FAULTS: readonly Fault[] = [
  {
    id: "broker-away",
    // In the hours in which IBKR is away for everybody, that is what it is taken for.
    cause: everywhereAway(new Date()) ? "broker-maintenance" : "broker-unreachable",
    seen: "running",
    inject: (stack) => stack.broker("away"),
    heal: (stack) => stack.broker("back"),
  },
  told("farm-down", "farms-down", { brokenFarms: ["usfarm.nj"] }),
  // The last: what it says is believed for a quarter of a minute.
  {
    id: "kicked-out",
    cause: "kicked-out",
    seen: "running",
    inject: async (stack) => stack.order({ kickedOut: true }),
    heal: async (stack) => stack.order({}),
  },
];
