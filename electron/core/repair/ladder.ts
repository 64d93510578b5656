import type { RepairPrice } from "../../../shared/snapshot.ts";
import type { CauseId, RepairId } from "../../../shared/words.ts";

/**
 * What each repair is called, costs and cures, as plain data. Prices: a fresh log-in wants the second factor on live and takes 60 to
 * 90 s; a container that is stopped from outside loses what was changed in the gateway's window since the last clean end; IBC's
 * RESTART keeps the log-in, its STOP saves the settings first.
 */
export interface RepairEntry {
  readonly title: string;
  /** For people, one sentence. */
  readonly cures: string;
  /** Causes it is meant for. */
  readonly causes: readonly CauseId[];
  readonly price: (mode: "paper" | "live") => RepairPrice;
  /** Usual length from the click to the proof, in minutes. */
  readonly minutes: number;
}

const costs =
  (downtimeSeconds: number, options: { freshLogin?: boolean; losesUiSettings?: boolean } = {}): RepairEntry["price"] =>
  (mode) => ({
    // Paper accounts log in without a second factor.
    secondFactor: options.freshLogin === true && mode === "live",
    losesUiSettings: options.losesUiSettings === true,
    downtimeSeconds,
  });

export const REPAIR_CATALOGUE: Readonly<Record<RepairId, RepairEntry>> = {
  wait: {
    title: "Wait",
    cures: "What ends by itself: a start, IBKR's maintenance, a network that is away.",
    causes: ["booting", "broker-maintenance", "broker-unreachable", "farms-down", "server-unreachable", "second-factor-pending", "too-many-attempts"],
    price: costs(0),
    minutes: 2,
  },
  resubscribe: {
    title: "Ask for account data again",
    cures: "Account data that has stopped coming while the API answers.",
    causes: ["account-data-silent"],
    price: costs(0),
    minutes: 1,
  },
  "change-client-id": {
    title: "Use another client id",
    cures: "A client id that another program holds, or that the gateway has not let go of.",
    causes: ["client-id-in-use"],
    price: costs(0),
    minutes: 1,
  },
  "reconnect-data": {
    title: "Reconnect market data",
    cures: "Data farms that do not come back by themselves (Ctrl-Alt-F in the gateway).",
    causes: ["farms-down"],
    price: costs(10),
    minutes: 1,
  },
  "reconnect-account": {
    title: "Reconnect to IBKR",
    cures: "A lost line to IBKR's servers (Ctrl-Alt-R in the gateway).",
    causes: ["broker-unreachable", "kicked-out"],
    price: costs(20),
    minutes: 1,
  },
  "restart-relay": {
    title: "Restart the relay",
    cures: "A relay (socat) that hangs or is gone; programs connected through it lose their line and come back.",
    causes: ["relay-dead"],
    price: costs(10),
    minutes: 1,
  },
  "restart-screen": {
    title: "Restart the screen server",
    cures: "A screen server (x11vnc) that died; trading is not touched.",
    causes: ["vnc-died"],
    price: costs(0),
    minutes: 1,
  },
  "open-api-settings": {
    title: "API settings",
    cures: "What must be set or answered on the gateway's own screen; pressing Apply there also opens the API port anew.",
    causes: [
      "localhost-only",
      "accept-dialog",
      "accept-queue-wedge",
      "port-mismatch",
      "api-port-changed",
      "paper-disclaimer",
      "read-only-api",
      "settings-lost",
    ],
    price: costs(0),
    minutes: 2,
  },
  "restart-mcp-workers": {
    title: "Restart the MCP workers",
    cures: "MCP workers that are stuck or mixed up; the gateway is not touched.",
    causes: ["mcp-down", "mcp-desync", "mcp-misleading", "competing-healer"],
    price: costs(0),
    minutes: 1,
  },
  "restart-soft": {
    title: "Restart without second factor",
    cures: "A gateway that hangs or no longer accepts, while its log-in is still good. Not possible past Sunday 01:00 New York.",
    causes: ["accept-queue-wedge", "gateway-hung", "account-data-silent", "client-id-in-use", "broker-unreachable"],
    price: costs(90),
    minutes: 2,
  },
  "stop-and-start": {
    title: "Stop cleanly and start",
    cures: "What a restart does not cure; saves the gateway's settings first, then logs in afresh.",
    causes: ["gateway-hung", "restart-stalled", "accept-queue-wedge", "wrong-password", "password-expired", "settings-lost"],
    price: costs(120, { freshLogin: true }),
    minutes: 3,
  },
  "restart-container": {
    title: "Restart the container",
    cures: "A gateway that answers nothing any more, not even its command port; or a container that has ended.",
    causes: [
      "container-exited",
      "login-window-missing",
      "second-factor-missed",
      "weekly-login-due",
      "restart-stalled",
      "gateway-hung",
      "vnc-died",
      "stale-autorestart",
      "broker-lockout",
    ],
    price: costs(120, { freshLogin: true, losesUiSettings: true }),
    minutes: 3,
  },
  "recreate-container": {
    title: "Recreate the container",
    cures: "A container that is gone or damaged, or whose compose settings were changed.",
    causes: [
      "container-missing",
      "xvfb-dead",
      "vnc-off",
      "mode-mismatch",
      "port-mismatch",
      "relay-bypassed",
      "cold-restart-loop",
      "auto-logoff",
      "restart-loop",
    ],
    price: costs(150, { freshLogin: true, losesUiSettings: true }),
    minutes: 4,
  },
  "pull-image": {
    title: "Update the image and recreate",
    cures: "A gateway version that IBKR no longer supports, or an image with a known fault.",
    causes: ["build-desupported", "login-window-missing"],
    price: costs(300, { freshLogin: true, losesUiSettings: true }),
    minutes: 8,
  },
  "fresh-reinstall": {
    title: "Reinstall from scratch",
    cures: "What nothing else has cured; container, volumes and image are removed and made anew.",
    causes: ["stale-autorestart"],
    price: costs(420, { freshLogin: true, losesUiSettings: true }),
    minutes: 10,
  },
};
