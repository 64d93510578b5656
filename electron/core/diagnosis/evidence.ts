import type { LinkState } from "../host-link/host-link.ts";

/**
 * The record of the latest facts. Probes and the session write it, `diagnose` reads it, nobody judges in it.
 * Times are milliseconds since the epoch by this machine's clock. `null` means: not known.
 */
export interface Fact<T> {
  readonly at: number;
  readonly value: T;
}
export type Maybe<T> = Fact<T> | null;

export interface ServerEvidence {
  readonly reach: "ssh" | "local";
  readonly host: string;
  readonly link: Fact<LinkState>;
  readonly docker: Maybe<DockerFact>;
  /** The server's clock minus ours. */
  readonly clockSkewMs: Maybe<number>;
}

export type DockerFact =
  | { readonly kind: "ok"; readonly version: string | null }
  | { readonly kind: "down"; readonly message: string }
  | { readonly kind: "permission"; readonly message: string }
  | { readonly kind: "not-installed"; readonly message: string }
  | { readonly kind: "error"; readonly message: string };

export interface GatewayEvidence {
  readonly server: ServerEvidence;
  readonly gateway: GatewayTarget;
  readonly container: Maybe<ContainerFact>;
  readonly login: Maybe<LoginFact>;
  readonly sockets: Maybe<SocketsFact>;
  readonly processes: Maybe<ProcessesFact>;
  readonly route: Maybe<RouteFact>;
  readonly api: Maybe<ApiFact>;
  readonly broker: Maybe<BrokerFact>;
  readonly account: Maybe<AccountFact>;
  readonly screen: Maybe<ScreenFact>;
  readonly mcp: Maybe<McpFact>;
  /** Local tunnel ports that the person asked for; absent where none are configured. */
  readonly forwards?: Maybe<readonly ForwardFact[]>;
  readonly history: GatewayHistory;
}

export interface ForwardFact {
  readonly target: "api" | "vnc" | "mcp";
  readonly localPort: number | null;
  readonly state: "off" | "listening" | "failed";
  readonly detail: string;
}

/** What the settings say of the gateway. */
export interface GatewayTarget {
  readonly id: string;
  readonly name: string;
  readonly mode: "paper" | "live";
  readonly container: string;
  /** The container's own ports. */
  readonly ports: { readonly relay: number; readonly api: number; readonly vnc: number };
  readonly clientId: number;
  readonly mcp: { readonly url: string; readonly container: string | null } | null;
}

// ── container ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type ContainerFact = { readonly kind: "missing"; readonly seen: readonly string[] } | PresentContainer;

export interface PresentContainer {
  readonly kind: "present";
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  /** Host process id of the container's first process; `null` when it does not run. */
  readonly pid: number | null;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly restartCount: number;
  readonly restartPolicy: string;
  readonly createdAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly health: "starting" | "healthy" | "unhealthy" | null;
  readonly published: readonly { readonly containerPort: number; readonly hostAddress: string; readonly hostPort: number }[];
  readonly addresses: readonly { readonly network: string; readonly address: string }[];
  readonly networkMode: string;
  readonly mounts: readonly { readonly kind: string; readonly destination: string /** Of a named volume. */; readonly name?: string | null }[];
  readonly compose: { readonly project: string; readonly service: string; readonly dir: string | null; readonly files: readonly string[] } | null;
}

/** How an address of the gateway was found. */
export interface RouteFact {
  readonly api: Route | null;
  readonly vnc: Route | null;
}
export interface Route {
  readonly host: string;
  readonly port: number;
  readonly by: "settings" | "published" | "container-address" | "host-network";
  /** The container port it leads to; `null` where unknown (settings override). */
  readonly containerPort: number | null;
  /** Through socat (relay port) or straight at the API port. */
  readonly through: "relay" | "direct" | "unknown";
}

// ── IBC log ────────────────────────────────────────────────────────────────────────────────────────────────────────

export type LoginPhase =
  /** No line yet. */
  | "none"
  | "boot"
  | "ibc-start"
  | "session"
  | "login-form"
  | "second-factor"
  | "authenticating"
  /** "Login has completed": a splash closed, no proof of a server session. */
  | "logged-in"
  /** "Configuration tasks completed". */
  | "configured"
  /** Restart inside the container (token restart, exit status 0 and "IBC will restart shortly"). */
  | "restarting"
  | "paused"
  | "ended";

export type LoginProblemKind =
  | "login-failed"
  | "wrong-password"
  | "too-many-attempts"
  | "second-factor-device"
  | "second-factor-missed"
  | "password-notice"
  | "existing-session"
  | "relogin-required"
  | "trading-login-handoff"
  | "not-available"
  | "connection-failed"
  | "cold-restart"
  | "login-window-missing"
  | "xvfb-failed"
  | "out-of-memory"
  | "relay-not-a-file"
  | "several-autorestart-files"
  | "desupported"
  | "paper-disclaimer-open"
  | "accept-dialog-open"
  | "write-access-dialog-open"
  | "auto-logoff";

export interface LoginProblem {
  readonly kind: LoginProblemKind;
  /** By the log's own stamp, put on our clock. */
  readonly at: number;
  /** The line as logged, at most 300 characters. */
  readonly text: string;
}

/** What the log of the container tells since its last start. One per trading mode in dual mode (chosen by the gateway's mode). */
export interface LoginFact {
  readonly phase: LoginPhase;
  readonly phaseAt: number | null;
  /** Last line of any kind. */
  readonly lastLineAt: number | null;
  /** Last line that showed progress of a log-in. */
  readonly lastProgressAt: number | null;
  /** IBC sessions begun since the container's start. */
  readonly sessions: number;
  readonly loginAttempts: number;
  readonly autorestart: "found" | "not-found" | "several" | null;
  readonly secondFactor: {
    readonly startedAt: number;
    readonly state: "pending" | "approved" | "missed-retries" | "missed-stuck";
    readonly limitSeconds: number;
  } | null;
  /** Problems of the newest IBC session, oldest first, bounded. A later success clears the ones it disproves. */
  readonly problems: readonly LoginProblem[];
  /** Problems of earlier sessions since the container's start, bounded, newest last (loops are seen here). */
  readonly earlier: readonly LoginProblem[];
  /** Windows that opened and have not closed. */
  readonly openDialogs: readonly { readonly title: string; readonly at: number }[];
  readonly vnc: "started" | "disabled" | "failed" | null;
  readonly commandServer: { readonly port: number } | "off" | null;
  /** As IBC set or found it in the configuration dialog. */
  readonly apiPort: number | null;
  readonly readOnlyApi: boolean | null;
  /** "Forking :::4002 onto 0.0.0.0:4004 > trading mode paper": `from` 4004, where socat listens, `to` 4002, where it forwards. */
  readonly relay: { readonly from: number; readonly to: number; readonly tradingMode: string | null } | null;
  readonly relayErrors: { readonly refused: number; readonly timedOut: number; readonly lastAt: number | null };
  readonly exit: { readonly code: number | null; readonly at: number; readonly willRestart: boolean } | null;
  /** Exit status of every IBC end since the container's start, bounded, newest last. */
  readonly exits: readonly { readonly code: number | null; readonly at: number }[];
  readonly version: { readonly gateway: string | null; readonly ibc: string | null };
  /** The log's clock minus the server's (time zone errors show as whole quarter hours). */
  readonly stampSkewMs: number | null;
  /** The beginning was rotated away or cut. */
  readonly truncated: boolean;
}

// ── sockets and processes ──────────────────────────────────────────────────────────────────────────────────────────

/** From /proc/net of the container's network namespace. */
export interface SocketsFact {
  readonly source: "host-proc" | "docker-exec";
  readonly listeners: readonly Listener[];
  /** About the API port of the settings. */
  readonly api: {
    /** CLOSE_WAIT rows with inode 0: clients that gave up before being accepted. */
    readonly closeWaitOrphans: number;
    /** CLOSE_WAIT rows with an inode: accepted but not closed. */
    readonly closeWaitHeld: number;
    /** SYN_SENT rows towards it: the relay hangs right now. */
    readonly synSent: number;
    /** Established, as seen at the listener's side. */
    readonly established: number;
  };
  /** Established connections at the relay port: programs that would lose their line. */
  readonly relayClients: number;
  /** Established rows towards remote port 4000 or 4001 of another machine: lines to IBKR. */
  readonly brokerLines: number;
  readonly listenOverflows: number | null;
  readonly listenDrops: number | null;
  /** An X server listens on its abstract or file socket; `null` where /proc/net/unix could not be read. */
  readonly xServer: boolean | null;
}
export interface Listener {
  readonly port: number;
  readonly family: 4 | 6;
  /** In usual notation, e.g. 127.0.0.1, 0.0.0.0, ::, ::1 */
  readonly address: string;
  /** Connections that wait for accept(): rx_queue of the LISTEN row. */
  readonly queue: number;
}

export interface ProcessesFact {
  readonly java: ProcessState;
  readonly socat: ProcessState;
  readonly x11vnc: ProcessState;
  readonly xvfb: ProcessState;
}
/** `stopped`: state T (SIGSTOP or a debugger). */
export type ProcessState = "running" | "stopped" | "zombie" | "absent";

// ── API session ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Why no connection is being made. */
export type ApiIdleReason =
  | "link-down"
  | "no-route"
  | "not-running"
  | "not-logged-in"
  | "no-listener"
  | "queue-not-empty"
  | "backing-off"
  | "hourly-limit"
  | "released"
  | "parked"
  | "off";

export type ApiFact =
  | { readonly kind: "idle"; readonly reason: ApiIdleReason; readonly until: number | null; readonly last: ApiFailure | null }
  | { readonly kind: "opening"; readonly step: "dial" | "version" | "ready"; readonly since: number; readonly last: ApiFailure | null }
  | {
      readonly kind: "ready";
      readonly since: number;
      readonly serverVersion: number;
      readonly clientId: number;
      /** Managed accounts. */
      readonly accounts: readonly string[];
      /** Last proof that the API answers. */
      readonly lastAnswerAt: number;
      /** A heartbeat is on its way since then without an answer. */
      readonly waitingSince: number | null;
      readonly roundTripMs: number | null;
    };

/** Every row of facts §4.1, and what can happen later. */
export type ApiFailureKind =
  | "dial-refused"
  | "dial-forbidden"
  | "dial-timeout"
  | "dial-failed"
  /** EOF without a byte within 2 s of the hello. */
  | "closed-at-once"
  /** EOF without a byte later than that (socat gives up on SYN after ~130 s). */
  | "closed-late"
  /** Open, no byte within the deadline. */
  | "silent"
  | "wrong-service"
  /** Version came, EOF after startApi, no 326. */
  | "closed-after-start"
  | "client-id-in-use"
  /** Version came, startApi unanswered or answered by half. */
  | "start-unanswered"
  | "bad-frame"
  | "unsupported-version"
  /** Was ready; heartbeat unanswered within its deadline. */
  | "went-silent"
  /** Was ready; closed by the gateway. */
  | "closed"
  | "link-lost"
  | "port-changed";

export interface ApiFailure {
  readonly kind: ApiFailureKind;
  readonly at: number;
  /** From dial to failure; for a session that was ready: how long it was. */
  readonly afterMs: number;
  /** What was seen, one sentence, without secrets. */
  readonly detail: string;
  readonly clientId: number;
  /** First bytes of a wrong service, printable, at most 40 characters. */
  readonly firstBytes: string | null;
  readonly newPort: number | null;
  readonly wasReady: boolean;
}

/** From notices with id −1 while the socket lives. */
export interface BrokerFact {
  /** `unknown` until a notice or data proves something. */
  readonly line: "up" | "down" | "unknown";
  readonly since: number;
  /** 1100, 1101, 1102 or 2110; `null` where known otherwise. */
  readonly code: number | null;
  readonly farms: readonly {
    readonly name: string;
    readonly kind: "market-data" | "history" | "sec-def";
    readonly state: "ok" | "down" | "inactive" | "connecting";
    readonly at: number;
  }[];
  /** 10197 / 2100 and the like: the newest of each code, bounded. */
  readonly notices: readonly { readonly code: number; readonly text: string; readonly at: number }[];
}

export interface AccountFact {
  readonly accounts: readonly string[];
  /** From the prefix of the account numbers (D… paper; U, F, I… live). */
  readonly prefix: "paper" | "live" | "mixed" | "none";
  readonly requestedAt: number;
  /** First complete answer (summary end and position end). */
  readonly completeAt: number | null;
  readonly lastUpdateAt: number | null;
}

// ── screen and MCP ─────────────────────────────────────────────────────────────────────────────────────────────────

export type ScreenFact =
  | {
      readonly kind: "answers";
      /** e.g. "003.008" */
      readonly version: string;
      /** Of the last log-in tried by a person's screen session. */
      readonly login: "accepted" | "refused" | "not-tried" | "too-many-attempts";
      /** Painted something other than one colour; `null` before a screen session showed it. */
      readonly picture: "painted" | "black" | null;
    }
  | { readonly kind: "refused" | "silent" | "forbidden" | "no-route" | "closed"; readonly detail: string }
  | { readonly kind: "wrong-service"; readonly detail: string };

export interface McpFact {
  readonly http: "ok" | "refused" | "timeout" | "closed" | "not-http" | "bad-status" | "forbidden" | "no-route";
  readonly detail: string;
  readonly serverKind: "modern" | "legacy" | "plain" | null;
  readonly containerStatus: string | null;
  readonly health: {
    readonly status: "healthy" | "degraded" | "unhealthy" | "other";
    readonly ibConnected: boolean | null;
    readonly breaker: "closed" | "open" | "half-open" | null;
    readonly workers: number | null;
    readonly workersAlive: number | null;
    readonly workersConnected: number | null;
  } | null;
  readonly gatewayStatus: { readonly status: string; readonly apiPortOpen: boolean | null; readonly ibConnected: boolean | null } | null;
  /** The reply's id was not the request's. */
  readonly desync: boolean;
  /** The MCP container's log said it restarts the gateway by itself. */
  readonly healing: { readonly at: number; readonly text: string } | null;
}

// ── short, bounded history kept by Core ────────────────────────────────────────────────────────────────────────────

export interface GatewayHistory {
  /** Changes of StartedAt, newest last, at most 20. `byUs`: one of our repairs ran then. */
  readonly starts: readonly {
    readonly startedAt: number;
    readonly seenAt: number;
    readonly byUs: boolean;
    readonly exitCode: number | null;
    readonly imageId: string;
    readonly containerId: string;
  }[];
  /** Ends of API attempts and sessions, newest last, at most 30. */
  readonly apiFailures: readonly ApiFailure[];
  readonly lastReadyAt: number | null;
  /** Accept queue of the API port over the last minutes, newest last, at most 60. */
  readonly queue: readonly { readonly at: number; readonly value: number }[];
  /** 1100/1101/1102/2110, newest last, at most 20. */
  readonly brokerCodes: readonly { readonly code: number; readonly at: number }[];
  /** Our own repairs, newest last, at most 20. */
  readonly repairs: readonly { readonly id: string; readonly at: number }[];
  /** API settings proven at the newest ready session (port etc.), to see what was lost later. */
  readonly lastGood: { readonly at: number; readonly containerId: string; readonly imageId: string; readonly startedAt: number | null } | null;
  /** From jts.ini `Peer`: ndc1, cdc1, gdc1, hdc1 …; `null` not known (America assumed, and said so). */
  readonly peer: string | null;
}

export const NO_HISTORY: GatewayHistory = {
  starts: [],
  apiFailures: [],
  lastReadyAt: null,
  queue: [],
  brokerCodes: [],
  repairs: [],
  lastGood: null,
  peer: null,
};
