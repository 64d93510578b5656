import { readFileSync } from "node:fs";
import { type ApiPlan, type GatewayPlan, healthyPlan, type LoginPlan } from "../../../electron/simulator/gateway/plan.ts";

/** What the lab tells a gateway's process to be. Lies in the folder the container shares with the lab, so that it outlives the process. */
export interface Orders {
  readonly login?: LoginPlan;
  readonly tradingMode?: "paper" | "live";
  readonly accounts?: readonly string[];
  readonly api?: Partial<Omit<ApiPlan, "heldClientIds">>;
  readonly heldClientIds?: readonly number[];
  readonly brokenFarms?: readonly string[];
  readonly acceptDialog?: boolean;
  readonly portOverride?: number | null;
  /** IBKR takes this build of the gateway no longer. */
  readonly desupported?: string;
  readonly commandPort?: number;
  readonly secondFactor?: boolean;
  /** The line to IBKR comes back by itself, or only when IBC is told RECONNECTACCOUNT. */
  readonly brokerReturns?: "by-itself" | "when-told";
  /** No window on the display: nothing is painted. */
  readonly windowGone?: boolean;
  /** Another log-in of the same user takes the session, and with it the line to IBKR. */
  readonly kickedOut?: boolean;
  /** A log-in that got no answer is tried once more. */
  readonly triesAgain?: boolean;
  /** Its day is over and it ends, as auto-logoff does. */
  readonly logsOff?: boolean;
  /** A fault of the process' memory: the next process has forgotten it. */
  readonly untilRestart?: boolean;
  /** Another number than before: every API client loses its connection now. */
  readonly drop?: number;
  /** Takes memory until the kernel ends it. */
  readonly eat?: boolean;
}

export function readOrders(file: string): Orders {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Orders;
  } catch {
    // No file: a good day.
    return {};
  }
}

/** The plan of the simulator's protocol side, as ordered. */
export function planOf(mode: "paper" | "live", orders: Orders): GatewayPlan {
  const plan = healthyPlan(mode);
  return {
    ...plan,
    login: orders.login ?? plan.login,
    tradingMode: orders.tradingMode ?? plan.tradingMode,
    accounts: [...(orders.accounts ?? plan.accounts)],
    api: { ...plan.api, ...orders.api, heldClientIds: new Set(orders.heldClientIds ?? []) },
    broker: { line: false, brokenFarms: new Set(orders.brokenFarms ?? []) },
    acceptDialog: orders.acceptDialog === true,
    portOverride: orders.portOverride ?? null,
    commandPort: orders.commandPort ?? 7462,
  };
}
