import { everywhereAway } from "../quiet-region.ts";
import { type Fault, told } from "./fault.ts";

/** The gateway's own line to IBKR: rows 22, 43 and 44. */

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
];
