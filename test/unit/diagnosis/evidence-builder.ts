import type {
  ApiFact,
  ApiFailure,
  ApiFailureKind,
  BrokerFact,
  Fact,
  GatewayEvidence,
  LoginFact,
  LoginProblem,
  LoginProblemKind,
  McpFact,
  PresentContainer,
  SocketsFact,
} from "../../../electron/core/diagnosis/evidence.ts";
import { NO_HISTORY, NO_LINE } from "../../../electron/core/diagnosis/evidence.ts";
import type { LinkFailure, LinkFailureReason } from "../../../electron/core/host-link/host-link.ts";

/** A Wednesday, 10:00 in New York (summer time): no window of IBKR's calendar is open anywhere. */
export const NOW = Date.UTC(2026, 5, 17, 14, 0, 0);
export const S = 1000;
export const MIN = 60_000;
export const H = 3_600_000;
export const DAY = 86_400_000;

export type Change = (evidence: GatewayEvidence, now: number) => GatewayEvidence;
export const change =
  (...changes: Change[]): Change =>
  (evidence, now) =>
    changes.reduce((all, each) => each(all, now), evidence);

export const paperContainer = (now: number): PresentContainer => ({
  kind: "present",
  id: "c0ffee",
  name: "mcp-ib-gateway-paper",
  image: "ghcr.io/gnzsnz/ib-gateway:stable",
  imageId: "sha256:aaaa",
  status: "running",
  pid: 4711,
  exitCode: 0,
  oomKilled: false,
  error: "",
  restartCount: 0,
  restartPolicy: "always",
  createdAt: now - 10 * DAY,
  startedAt: now - 3 * DAY,
  finishedAt: null,
  health: null,
  published: [{ containerPort: 5900, hostAddress: "127.0.0.1", hostPort: 15900 }],
  addresses: [{ network: "mcp_default", address: "172.18.0.5" }],
  networkMode: "mcp_default",
  mounts: [],
  compose: { project: "mcp-ib-paper", service: "gateway", dir: null, files: [] },
});

export const loginDone = (now: number): LoginFact => ({
  phase: "configured",
  phaseAt: now - 3 * DAY + 80 * S,
  lastLineAt: now - 3 * DAY + 81 * S,
  lastProgressAt: now - 3 * DAY + 80 * S,
  sessions: 1,
  loginAttempts: 1,
  autorestart: "not-found",
  secondFactor: null,
  problems: [],
  earlier: [],
  openDialogs: [],
  vnc: "started",
  commandServer: { port: 7462 },
  apiPort: 4002,
  readOnlyApi: false,
  relay: { from: 4004, to: 4002, tradingMode: "paper" },
  relayErrors: { refused: 14, timedOut: 0, lastAt: now - 3 * DAY + 60 * S },
  exit: null,
  exits: [],
  version: { gateway: "10.45.1j", ibc: "3.24.1" },
  stampSkewMs: 0,
  truncated: false,
});

/** A paper gateway that runs well: reached through the relay, session ready, account data complete. */
export function healthy(now: number = NOW): GatewayEvidence {
  const fact = <T>(value: T, age = 1_000): Fact<T> => ({ at: now - age, value });
  return {
    server: {
      reach: "ssh",
      host: "linuxserver.lan",
      link: fact({ kind: "up", since: now - 2 * H, latencyMs: 12 }, 2 * H),
      line: NO_LINE,
      docker: fact({ kind: "ok", version: "27.1" }),
      clockSkewMs: fact(120),
    },
    gateway: {
      id: "paper",
      name: "Paper",
      mode: "paper",
      container: "mcp-ib-gateway-paper",
      ports: { relay: 4004, api: 4002, vnc: 5900 },
      clientId: 901,
      mcp: { url: "http://127.0.0.1:48012", container: "mcp-ib-paper" },
    },
    container: fact(paperContainer(now)),
    login: fact(loginDone(now)),
    sockets: fact({
      source: "host-proc",
      listeners: [
        { port: 4002, family: 6, address: "::", queue: 0 },
        { port: 4004, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 5900, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 7462, family: 6, address: "::", queue: 0 },
      ],
      api: { closeWaitOrphans: 0, closeWaitHeld: 0, synSent: 0, established: 4 },
      relayClients: 4,
      brokerLines: 2,
      listenOverflows: 0,
      listenDrops: 0,
      xServer: true,
    }),
    processes: fact({ java: "running", socat: "running", x11vnc: "running", xvfb: "running" }),
    route: fact({
      api: { host: "172.18.0.5", port: 4004, by: "container-address", containerPort: 4004, through: "relay" },
      vnc: { host: "127.0.0.1", port: 15900, by: "published", containerPort: 5900, through: "direct" },
    }),
    api: fact({
      kind: "ready",
      since: now - 2 * H,
      serverVersion: 187,
      clientId: 901,
      accounts: ["DU1234567"],
      lastAnswerAt: now - 1_200,
      waitingSince: null,
      roundTripMs: 3,
    }),
    broker: fact({
      line: "up",
      since: now - 2 * H,
      code: null,
      farms: [
        { name: "usfarm", kind: "market-data", state: "ok", at: now - 2 * H },
        { name: "ushmds", kind: "history", state: "ok", at: now - 2 * H },
      ],
      notices: [],
    }),
    account: fact({ accounts: ["DU1234567"], prefix: "paper", requestedAt: now - 2 * H, completeAt: now - 2 * H + S, lastUpdateAt: now - 20 * S }),
    screen: fact({ kind: "answers", version: "003.008", login: "not-tried", picture: null }, 20 * S),
    mcp: fact(mcpHealthy, 10 * S),
    history: { ...NO_HISTORY, lastReadyAt: now - 2 * H, peer: "ndc1.ibllc.com:4001" },
  };
}

export const mcpHealthy: McpFact = {
  http: "ok",
  detail: "200 OK",
  serverKind: "plain",
  containerStatus: "running",
  health: { status: "healthy", ibConnected: true, breaker: "closed", workers: 3, workersAlive: 3, workersConnected: 3 },
  gatewayStatus: { status: "connected", apiPortOpen: true, ibConnected: true },
  waitingSince: null,
  desync: false,
  healing: null,
};

/** The healthy gateway with changes in order. */
export function evidence(now: number, ...changes: Change[]): GatewayEvidence {
  return change(...changes)(healthy(now), now);
}

// ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const container =
  (patch: Partial<PresentContainer> | ((now: number) => Partial<PresentContainer>)): Change =>
  (e, now) => {
    const before = e.container?.value.kind === "present" ? e.container.value : paperContainer(now);
    return { ...e, container: { at: now - S, value: { ...before, ...(typeof patch === "function" ? patch(now) : patch) } } };
  };
export const login =
  (patch: Partial<LoginFact> | ((now: number) => Partial<LoginFact>)): Change =>
  (e, now) => ({ ...e, login: { at: now - S, value: { ...(e.login?.value ?? loginDone(now)), ...(typeof patch === "function" ? patch(now) : patch) } } });
export const sockets =
  (patch: Partial<Omit<SocketsFact, "api">> & { api?: Partial<SocketsFact["api"]> }): Change =>
  (e, now) => {
    const before = e.sockets?.value ?? healthy(now).sockets?.value;
    if (before === undefined) return e;
    return { ...e, sockets: { at: now - S, value: { ...before, ...patch, api: { ...before.api, ...patch.api } } } };
  };
/** The API listener's accept queue now, and over the last looks. */
export const queue =
  (value: number, looks: readonly number[] = [value, value, value, value]): Change =>
  (e, now) =>
    change(
      sockets({ listeners: (e.sockets?.value.listeners ?? []).map((row) => (row.port === e.gateway.ports.api ? { ...row, queue: value } : row)) }),
      (each) => ({ ...each, history: { ...each.history, queue: looks.map((look, index) => ({ at: now - (looks.length - index) * 2 * S, value: look })) } }),
    )(e, now);
/** Only these container ports listen. */
export const listening =
  (...ports: number[]): Change =>
  (e, now) =>
    sockets({
      listeners: ports.map((port) => ({
        port,
        family: port === 4002 || port === 4001 ? (6 as const) : (4 as const),
        address: port === 4002 || port === 4001 ? "::" : "0.0.0.0",
        queue: 0,
      })),
    })(e, now);
export const processes =
  (patch: Partial<NonNullable<GatewayEvidence["processes"]>["value"]>): Change =>
  (e, now) => ({
    ...e,
    processes: { at: now - S, value: { java: "running", socat: "running", x11vnc: "running", xvfb: "running", ...e.processes?.value, ...patch } },
  });
export const api =
  (value: ApiFact | ((now: number) => ApiFact)): Change =>
  (e, now) => ({ ...e, api: { at: now - S, value: typeof value === "function" ? value(now) : value }, broker: null, account: null });
export const ready =
  (patch: Partial<Extract<ApiFact, { kind: "ready" }>> | ((now: number) => Partial<Extract<ApiFact, { kind: "ready" }>>)): Change =>
  (e, now) => {
    const base = e.api?.value.kind === "ready" ? e.api.value : healthy(now).api?.value;
    if (base?.kind !== "ready") return e;
    return { ...e, api: { at: now - S, value: { ...base, ...(typeof patch === "function" ? patch(now) : patch) } } };
  };
export function failure(kind: ApiFailureKind, now: number, more: Partial<ApiFailure> = {}): ApiFailure {
  const afterMs: Partial<Record<ApiFailureKind, number>> = { "closed-at-once": 4, "closed-late": 131_000, silent: 12_000, "went-silent": 2 * H };
  return {
    kind,
    at: now - 5 * S,
    afterMs: afterMs[kind] ?? 40,
    detail: `seen: ${kind}`,
    clientId: 901,
    firstBytes: null,
    newPort: null,
    wasReady: kind === "went-silent" || kind === "closed",
    ...more,
  };
}
/** The last attempt failed so; the session waits before the next. */
export const apiFailed =
  (kind: ApiFailureKind, more: Partial<ApiFailure> = {}): Change =>
  (e, now) => {
    const last = failure(kind, now, more);
    const next = api({ kind: "idle", reason: "backing-off", until: now + 55 * S, last })(e, now);
    return { ...next, history: { ...next.history, apiFailures: [...next.history.apiFailures, last] } };
  };
export const apiIdle = (reason: Extract<ApiFact, { kind: "idle" }>["reason"]): Change => api({ kind: "idle", reason, until: null, last: null });
export const broker =
  (patch: Partial<BrokerFact> | ((now: number) => Partial<BrokerFact>)): Change =>
  (e, now) => {
    const before: BrokerFact = e.broker?.value ?? { line: "up", since: now - 2 * H, code: null, farms: [], notices: [] };
    return { ...e, broker: { at: now - S, value: { ...before, ...(typeof patch === "function" ? patch(now) : patch) } } };
  };
export const account =
  (patch: Partial<NonNullable<GatewayEvidence["account"]>["value"]>): Change =>
  (e, now) => ({
    ...e,
    account: {
      at: now - S,
      value: {
        accounts: ["DU1234567"],
        prefix: "paper",
        requestedAt: now - 2 * H,
        completeAt: now - 2 * H + S,
        lastUpdateAt: now - 20 * S,
        ...e.account?.value,
        ...patch,
      },
    },
  });
export const screen =
  (value: NonNullable<GatewayEvidence["screen"]>["value"] | null): Change =>
  (e, now) => ({ ...e, screen: value === null ? null : { at: now - 5 * S, value } });
export const mcp =
  (patch: Partial<McpFact> | null): Change =>
  (e, now) => ({ ...e, mcp: patch === null ? null : { at: now - 5 * S, value: { ...mcpHealthy, ...patch } } });
/** The MCP server's own report when the gateway is away. */
export const mcpSuffers: Change = mcp({
  health: { status: "unhealthy", ibConnected: false, breaker: "open", workers: 3, workersAlive: 3, workersConnected: 0 },
  gatewayStatus: { status: "disconnected", apiPortOpen: false, ibConnected: false },
});
export const history =
  (patch: Partial<GatewayEvidence["history"]> | ((now: number) => Partial<GatewayEvidence["history"]>)): Change =>
  (e, now) => ({ ...e, history: { ...e.history, ...(typeof patch === "function" ? patch(now) : patch) } });
export const link =
  (value: GatewayEvidence["server"]["link"]["value"] | ((now: number) => GatewayEvidence["server"]["link"]["value"])): Change =>
  (e, now) => ({ ...e, server: { ...e.server, link: { at: now - S, value: typeof value === "function" ? value(now) : value } } });
export const linkFailed = (
  reason: LinkFailureReason,
  stage: LinkFailure["stage"],
  kind: "waiting" | "failed" | "needs-user" = "waiting",
  message = `linuxserver.lan: ${reason} at ${stage}`,
): Change =>
  change(
    link((now) => {
      const why: LinkFailure = { reason, stage, message };
      if (kind === "waiting") return { kind, until: now + 4 * S, attempt: 2, failure: why };
      return { kind, since: now - 2 * S, failure: why };
    }),
    apiIdle("link-down"),
  );
/** It failed so, and the next attempt is under way. */
export const linkRetries = (reason: LinkFailureReason, stage: LinkFailure["stage"], attempt = 2): Change =>
  change(
    link((now) => ({ kind: "connecting", attempt, since: now - S })),
    (e) => ({ ...e, server: { ...e.server, line: { ...NO_LINE, lastFailure: { reason, stage, message: `linuxserver.lan: ${reason} at ${stage}` } } } }),
    apiIdle("link-down"),
  );
/** The line counts as up and has owed an answer without a byte for so long. */
export const lineQuiet =
  (ms: number): Change =>
  (e, now) => ({ ...e, server: { ...e.server, line: { ...NO_LINE, quietSince: now - ms, lastQuiet: { from: now - ms, until: now } } } });
/** The line was suspected from then to then (ms ago), and is well again. */
export const lineWasQuiet =
  (fromAgo: number, untilAgo: number): Change =>
  (e, now) => ({ ...e, server: { ...e.server, line: { ...NO_LINE, lastQuiet: { from: now - fromAgo, until: now - untilAgo } } } });
export const docker =
  (value: NonNullable<GatewayEvidence["server"]["docker"]>["value"]): Change =>
  (e, now) => ({ ...e, server: { ...e.server, docker: { at: now - S, value } } });
/** Nothing that Docker would have to tell is known. */
export const noDockerFacts: Change = (e) => ({ ...e, container: null, login: null, sockets: null, processes: null });
/** Everything that came from the server is older by this. */
export const aged =
  (ms: number): Change =>
  (e) => {
    const older = <T>(fact: Fact<T> | null): Fact<T> | null => (fact === null ? null : { ...fact, at: fact.at - ms });
    return {
      ...e,
      server: { ...e.server, docker: older(e.server.docker) },
      container: older(e.container),
      sockets: older(e.sockets),
      processes: older(e.processes),
      screen: older(e.screen),
      mcp: older(e.mcp),
    };
  };
export const problem =
  (kind: LoginProblemKind, ageMs = 30 * S, text = `log line of ${kind}`): ((now: number) => LoginProblem) =>
  (now) => ({ kind, at: now - ageMs, text });

/** A container that started so long ago, its log-in at this phase, the API port closed. */
export const starting = (uptimeMs: number, phase: LoginFact["phase"], more: Partial<LoginFact> = {}): Change =>
  change(
    container((now) => ({ startedAt: now - uptimeMs })),
    login((now) => ({
      phase,
      phaseAt: now - Math.min(uptimeMs, 5 * S),
      lastLineAt: now - 2 * S,
      lastProgressAt: now - Math.min(uptimeMs, 5 * S),
      apiPort: null,
      readOnlyApi: null,
      loginAttempts: phase === "login-form" || phase === "authenticating" || phase === "second-factor" ? 1 : 0,
      ...more,
    })),
    listening(4004, 5900),
    sockets({ brokerLines: 0, relayClients: 0, api: { established: 0 } }),
    apiFailed("closed-at-once"),
    mcpSuffers,
  );
/** A log-in that has hung for this long in a container that has been up for a day. */
export const hanging = (ms: number, phase: LoginFact["phase"], more: Partial<LoginFact> = {}): Change =>
  change(
    starting(DAY, phase),
    login((now) => ({ phaseAt: now - ms, lastProgressAt: now - ms, lastLineAt: now - ms, ...more })),
    apiIdle("not-logged-in"),
  );
export const logProblem = (kind: LoginProblemKind, ageMs = 30 * S, text?: string): Change => login((now) => ({ problems: [problem(kind, ageMs, text)(now)] }));
export const notices = (code: number, text: string, at: number): Partial<BrokerFact> => ({ notices: [{ code, text, at }] });
