/** How one simulated gateway behaves. Scenarios change it while it runs; everything is read at the moment it matters. */

export interface ApiPlan {
  /** What the API port does with a connection that was accepted. */
  reply:
    | "good"
    | "silent"
    | "close-at-once"
    | "close-after-hello"
    | "close-after-start"
    | "start-unanswered"
    | "accounts-only"
    | "wrong-protocol"
    | "wrong-version";
  /** Between startApi and managedAccounts/nextValidId. */
  readyDelayMs: number;
  /** Highest server version offered. Up to 200 the protocol is pure text. */
  maxVersion: number;
  /** Frames arrive in pieces of this many bytes; 0: whole. */
  fragment: number;
  /** "Paper disclaimer" not accepted: account requests answer 10141. */
  disclaimer: boolean;
  /** Positions, summary and updates are accepted and never answered. */
  accountSilent: boolean;
  /** Alive on the socket, deaf to everything after ready (half-open freeze). */
  deaf: boolean;
  /** Client ids that somebody else holds: 326. */
  heldClientIds: Set<number>;
  /** Prices move, and results with them. Otherwise only the account's figures come, every three minutes. */
  marketOpen: boolean;
}

export interface BrokerPlan {
  /** The gateway's own line to IBKR: the socket and the session on it. */
  line: boolean;
  /** Farms by name that are broken (2103, 2105, 2157). */
  brokenFarms: Set<string>;
}

export interface ApiSettings {
  socketPort: number;
  readOnly: boolean;
  localhostOnly: boolean;
  trustedIps: string[];
}

export type LoginPlan =
  | "good"
  | "second-factor-pending"
  | "second-factor-missed"
  | "second-factor-missed-loop"
  | "second-factor-device"
  | "wrong-password"
  | "too-many-attempts"
  | "password-expired"
  | "existing-session"
  | "broker-lockout"
  | "broker-maintenance"
  | "weekly-login-due"
  | "stale-autorestart"
  | "restart-stalled"
  | "cold-restart-loop"
  | "auto-logoff"
  | "paper-disclaimer"
  | "build-desupported"
  | "window-missing"
  | "xvfb-dead"
  | "booting"
  /** ibcstart.sh ends at once, over and over. */
  | "crash";

export interface GatewayPlan {
  login: LoginPlan;
  /** Trading mode that the gateway really logs in to. */
  tradingMode: "paper" | "live";
  accounts: string[];
  api: ApiPlan;
  broker: BrokerPlan;
  /** Nobody calls accept() on the API listener: the wedge. Re-opening the listener ends it. */
  acceptStopped: boolean;
  /** The JVM does nothing any more: out of memory, or stopped by a signal. */
  hung: "memory" | "stopped" | null;
  /** An incoming connection opens a dialog and waits: AcceptIncomingConnectionAction=manual and an untrusted address. */
  acceptDialog: boolean;
  /** The API listens on another port than the relay dials. */
  portOverride: number | null;
  relay: "running" | "dead" | "not-a-file";
  /** Where the relay dials; `null`: 127.0.0.1. Another address makes the gateway see a client that is not local. */
  relayTarget: string | null;
  vnc: "running" | "off" | "died" | "black";
  /** The VNC password was changed since it was last told to anyone. */
  vncPasswordChanged: boolean;
  /** IBC's command server; 0 is off. */
  commandPort: number;
  /** Container ports published on the host; `null`: the stack's usual ones. Read when the container is created. */
  published: number[] | null;
  /** Added to every log stamp. */
  logSkewMs: number;
}

/** A healthy gateway of the given mode. */
export function healthyPlan(mode: "paper" | "live"): GatewayPlan {
  return {
    login: "good",
    tradingMode: mode,
    accounts: mode === "paper" ? ["DU1234567"] : ["U1234567"],
    api: {
      reply: "good",
      readyDelayMs: 0,
      maxVersion: 200,
      fragment: 0,
      disclaimer: false,
      accountSilent: false,
      deaf: false,
      heldClientIds: new Set(),
      marketOpen: true,
    },
    broker: { line: true, brokenFarms: new Set() },
    acceptStopped: false,
    hung: null,
    acceptDialog: false,
    portOverride: null,
    relay: "running",
    relayTarget: null,
    vnc: "running",
    vncPasswordChanged: false,
    commandPort: 7462,
    published: null,
    logSkewMs: 0,
  };
}
