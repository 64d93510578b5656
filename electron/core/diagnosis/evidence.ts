import type { LinkFailure, LinkState } from "../host-link/host-link.ts";
import type { AccountFact, ApiFact, ApiFailure, BrokerFact } from "./api-facts.ts";
import type { LoginFact } from "./login-facts.ts";

export type * from "./api-facts.ts";
export type * from "./login-facts.ts";

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
  readonly line: LineFact;
  readonly docker: Maybe<DockerFact>;
  /** The server's clock minus ours. */
  readonly clockSkewMs: Maybe<number>;
}

export interface LineFact {
  /** Since when an answer of the server has been owed without a byte from it; `null`: none is owed. */
  readonly quietSince: number | null;
  /** The newest silence that made the line suspect, as far as it went. */
  readonly lastQuiet: { readonly from: number; readonly until: number } | null;
  /** Why the connection ended or could not be made, until it is up again. */
  readonly lastFailure: LinkFailure | null;
}
export const NO_LINE: LineFact = { quietSince: null, lastQuiet: null, lastFailure: null };

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
    /** Bytes from clients that the gateway has not read. */
    readonly unread?: number;
    /** Which socket listens (its inode): another one was opened anew. */
    readonly listener?: number | null;
  };
  /** Established connections at the relay port: programs that would lose their line. */
  readonly relayClients: number;
  /** Established connections at the VNC server: viewers, ours among them. */
  readonly screenClients?: number;
  /** Established rows towards remote port 4000 or 4001 of another machine: lines to IBKR. */
  readonly brokerLines: number;
  readonly listenOverflows: number | null;
  readonly listenDrops: number | null;
  /** An X server listens on its abstract or file socket; `null` where /proc/net/unix could not be read. */
  readonly xServer: boolean | null;
  /** Absent: no x11vnc was seen at work (another kind of server, or its processes cannot be read). */
  readonly screen?: ScreenServerFact;
}
/** x11vnc, which the gateway image runs, and its display, without a connection to it. */
export interface ScreenServerFact {
  /** `stalled`: it has not run for seconds, though it runs ten times a second while it waits for viewers. */
  readonly x11vnc: "running" | "stopped" | "stalled";
  /** `null`: not seen */
  readonly xvfb: "running" | "stopped" | null;
  /** It goes on when its first viewer leaves. */
  readonly forever: boolean;
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
  /** By the socket table; it is not connected to, since it may count that as a failed log-in. */
  | { readonly kind: "listens"; readonly detail: string }
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
  /** Since when it has owed the answer to /health, once that is later than usual; a second question is out then. */
  readonly waitingSince: number | null;
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
