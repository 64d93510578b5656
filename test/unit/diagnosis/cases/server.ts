import {
  aged,
  apiFailed,
  apiIdle,
  container,
  DAY,
  docker,
  history,
  lineQuiet,
  linkFailed,
  linkRetries,
  listening,
  login,
  MIN,
  mcp,
  noDockerFacts,
  problem,
  processes,
  queue,
  ready,
  S,
  screen,
  starting,
} from "../evidence-builder.ts";
import { type FaultCase, fault } from "./case.ts";

const restarts =
  (count: number, gapMs: number, exitCode: number | null = 1) =>
  (now: number) => ({
    lastReadyAt: now - DAY,
    starts: Array.from({ length: count }, (_, index) => {
      const startedAt = now - (count - index) * gapMs + 40 * S;
      return { startedAt, seenAt: startedAt + S, byUs: false, exitCode, imageId: "sha256:aaaa", containerId: "c0ffee" };
    }),
  });

/** Rows 1 to 9 and 49. */
export const SERVER_CASES: readonly FaultCase[] = [
  fault("name-not-found", "typical", "DNS knows no linuxserver.lan", linkFailed("name-not-found", "resolve")),
  fault("name-not-found", "early", "first look, nothing else known", [noDockerFacts, linkFailed("name-not-found", "resolve")]),
  fault("name-not-found", "noise", "the gateway was wedged before", [queue(51), aged(MIN), linkFailed("name-not-found", "resolve")]),

  fault("server-unreachable", "typical", "no route to host", linkFailed("unreachable", "tcp")),
  fault("server-unreachable", "typical", "connect timed out", linkFailed("timeout", "tcp")),
  fault("server-unreachable", "typical", "sshd is off", linkFailed("refused", "tcp")),
  fault("server-unreachable", "early", "lost a moment ago", linkFailed("lost", "alive")),
  fault("server-unreachable", "early", "third attempt under way", linkRetries("timeout", "tcp", 3)),
  fault("server-unreachable", "early", "a lost connection is being made anew", linkRetries("lost", "alive", 1)),
  fault("server-unreachable", "noise", "old facts of an exited container", [container({ status: "exited", exitCode: 1 }), linkFailed("timeout", "banner")]),
  fault("server-unreachable", "noise", "something else answers on port 22", linkFailed("not-ssh", "banner")),

  fault("ssh-auth-failed", "typical", "every key refused", linkFailed("auth-failed", "auth", "failed")),
  fault("ssh-auth-failed", "early", "the person is being asked for the password", linkFailed("auth-failed", "auth", "needs-user")),
  fault("ssh-auth-failed", "noise", "stale facts of a wedge", [queue(20), aged(2 * MIN), linkFailed("auth-failed", "auth", "failed")]),

  fault("host-key-unknown", "typical", "never seen this server", [noDockerFacts, linkFailed("host-key-unknown", "host-key", "needs-user")]),
  fault("host-key-unknown", "early", "nobody there to ask", linkFailed("host-key-unknown", "host-key", "failed")),
  fault("host-key-unknown", "noise", "old MCP trouble", [
    mcp({ http: "refused", detail: "refused" }),
    linkFailed("host-key-unknown", "host-key", "needs-user"),
  ]),

  fault("host-key-changed", "typical", "the key is another than before", linkFailed("host-key-changed", "host-key", "failed")),
  fault("host-key-changed", "early", "marked as revoked", linkFailed("host-key-revoked", "host-key", "failed")),
  fault("host-key-changed", "noise", "the API had been silent", [apiFailed("silent"), linkFailed("host-key-changed", "host-key", "failed")]),

  fault("tunnel-half-open", "typical", "keepalive unanswered", linkFailed("silent", "alive")),
  fault("tunnel-half-open", "early", "counts as up, but owes the answer to a ping, and the heartbeat hangs", [
    ready((now) => ({ lastAnswerAt: now - 6 * S, waitingSince: now - 5 * S })),
    lineQuiet(5 * S),
  ]),
  fault("tunnel-half-open", "early", "given up as silent, the next attempt is under way", linkRetries("silent", "alive", 1)),
  fault("tunnel-half-open", "early", "the next attempt is accepted and left without an answer midway", linkFailed("timeout", "key-exchange")),
  fault("tunnel-half-open", "early", "not even a banner: the server itself may be away", linkFailed("timeout", "banner")),
  fault("tunnel-half-open", "noise", "and the last facts showed one in the queue", [
    queue(1),
    apiFailed("went-silent"),
    mcp({ http: "timeout", detail: "no answer" }),
    docker({ kind: "error", message: "docker did not answer in time" }),
    lineQuiet(11 * S),
  ]),

  fault("forwarding-forbidden", "typical", "AllowTcpForwarding no", [
    apiFailed("dial-forbidden"),
    screen({ kind: "forbidden", detail: "prohibited" }),
    mcp({ http: "forbidden", detail: "prohibited" }),
  ]),
  fault("forwarding-forbidden", "early", "only the API was tried", [apiFailed("dial-forbidden"), screen(null), mcp(null)]),
  fault("forwarding-forbidden", "noise", "PermitOpen leaves out the screen", screen({ kind: "forbidden", detail: "prohibited" })),
  fault("forwarding-forbidden", "noise", "and VNC is down as well by the socket table", [
    apiFailed("dial-forbidden"),
    listening(4002, 4004),
    screen({ kind: "forbidden", detail: "prohibited" }),
  ]),

  ...(["typical", "early", "noise"] as const).map((variant) =>
    fault("local-port-taken", variant, `a forward cannot listen (${variant})`, [
      (e, now) => ({ ...e, forwards: { at: now, value: [{ target: "vnc" as const, localPort: 5901, state: "failed" as const, detail: "EADDRINUSE" }] } }),
      ...(variant === "early" ? [screen(null), mcp(null)] : variant === "noise" ? [mcp({ http: "refused", detail: "connection refused" })] : []),
    ]),
  ),

  fault("docker-down", "typical", "daemon stopped", [
    noDockerFacts,
    docker({ kind: "down", message: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock" }),
    apiFailed("dial-refused"),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  fault("docker-down", "early", "before anything else was tried", [
    noDockerFacts,
    docker({ kind: "down", message: "Cannot connect to the Docker daemon" }),
    apiIdle("no-route"),
    screen(null),
    mcp(null),
  ]),
  fault("docker-down", "noise", "no docker program at all", [
    noDockerFacts,
    docker({ kind: "not-installed", message: "docker: not found" }),
    apiIdle("no-route"),
    mcp({ http: "refused", detail: "refused" }),
  ]),

  fault("docker-permission", "typical", "user not in the group", [
    noDockerFacts,
    docker({ kind: "permission", message: "permission denied while trying to connect to the Docker daemon socket" }),
    apiIdle("no-route"),
  ]),
  fault("docker-permission", "early", "the API answers all the same", [noDockerFacts, docker({ kind: "permission", message: "permission denied" })]),
  fault("docker-permission", "noise", "and the MCP server is down", [
    noDockerFacts,
    docker({ kind: "permission", message: "permission denied" }),
    apiIdle("no-route"),
    mcp({ http: "refused", detail: "refused" }),
  ]),

  fault("container-missing", "typical", "no such container", [
    noDockerFacts,
    (e, now) => ({ ...e, container: { at: now, value: { kind: "missing", seen: ["mcp-ib-gateway-live"] } } }),
    apiIdle("not-running"),
    screen({ kind: "no-route", detail: "no address" }),
  ]),
  fault("container-missing", "early", "just removed, the old facts are still there", [
    (e, now) => ({ ...e, container: { at: now, value: { kind: "missing", seen: [] } } }),
    apiFailed("closed"),
  ]),
  fault("container-missing", "noise", "the MCP container is there and complains", [
    (e, now) => ({ ...e, container: { at: now, value: { kind: "missing", seen: [] } } }),
    apiFailed("dial-refused"),
    mcp({ health: { status: "unhealthy", ibConnected: false, breaker: "open", workers: 3, workersAlive: 3, workersConnected: 0 } }),
  ]),

  fault("container-exited", "typical", "stopped by hand", [
    container((now) => ({ status: "exited", pid: null, exitCode: 143, finishedAt: now - 4 * MIN, restartPolicy: "unless-stopped" })),
    apiIdle("not-running"),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  fault("container-exited", "typical", "killed for want of memory", [
    container((now) => ({ status: "exited", pid: null, exitCode: 137, oomKilled: true, finishedAt: now - MIN })),
    apiFailed("closed"),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  fault("container-exited", "typical", "config.ini missing (79)", [
    container((now) => ({ status: "exited", pid: null, exitCode: 79, finishedAt: now - MIN, restartPolicy: "no" })),
    apiIdle("not-running"),
  ]),
  fault(
    "container-exited",
    "early",
    "exited a moment ago, the last answer is fresh",
    container((now) => ({ status: "exited", pid: null, exitCode: 1, finishedAt: now - S })),
  ),
  fault("container-exited", "noise", "second factor missed (87)", [
    container((now) => ({ status: "exited", pid: null, exitCode: 87, finishedAt: now - MIN, restartPolicy: "no" })),
    login((now) => ({ phase: "ended", phaseAt: now - MIN, exit: { code: 87, at: now - MIN, willRestart: false }, exits: [{ code: 87, at: now - MIN }] })),
    apiIdle("not-running"),
  ]),
  fault("container-exited", "noise", "paused", [container({ status: "paused" }), apiFailed("went-silent"), queue(3)]),

  fault("restart-loop", "typical", "Docker restarts it over and over", [
    container((now) => ({ status: "restarting", pid: null, exitCode: 1, restartCount: 9, startedAt: now - 20 * S })),
    history(restarts(6, MIN)),
    apiIdle("not-running"),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  fault("restart-loop", "early", "the third start within minutes", [
    starting(20 * S, "boot"),
    container({ restartCount: 2, exitCode: 1 }),
    history(restarts(3, 2 * MIN)),
  ]),
  fault("restart-loop", "noise", "each try ends with a wrong password", [
    starting(30 * S, "authenticating"),
    container({ restartCount: 5, exitCode: 1 }),
    history(restarts(5, 90 * S)),
    login((now) => ({ problems: [problem("wrong-password", 5 * S)(now)], exits: [{ code: 1, at: now - 40 * S }] })),
  ]),

  fault("competing-healer", "typical", "the MCP server restarts the gateway", [
    starting(30 * S, "authenticating"),
    history(restarts(4, 100 * S, null)),
    (e, now) =>
      e.mcp === null
        ? e
        : { ...e, mcp: { at: e.mcp.at, value: { ...e.mcp.value, healing: { at: now - 35 * S, text: "Auto-reconnecting gateway: docker restart" } } } },
  ]),
  fault("competing-healer", "early", "its second restart", [
    starting(20 * S, "boot"),
    history(restarts(2, 100 * S, null)),
    (e, now) =>
      e.mcp === null ? e : { ...e, mcp: { at: e.mcp.at, value: { ...e.mcp.value, healing: { at: now - 25 * S, text: "Auto-reconnecting gateway" } } } },
  ]),
  fault("competing-healer", "early", "it answers between two restarts", [
    container((now) => ({ startedAt: now - 100 * S })),
    login((now) => ({ phaseAt: now - 20 * S })),
    ready((now) => ({ since: now - 10 * S })),
    history((now) => ({ ...restarts(3, 140 * S, null)(now), lastReadyAt: now })),
  ]),
  fault("competing-healer", "noise", "it restarts a pending second factor away", [
    starting(40 * S, "second-factor"),
    login((now) => ({ secondFactor: { startedAt: now - 10 * S, state: "pending", limitSeconds: 180 } })),
    history(restarts(5, 90 * S, null)),
    (e, now) =>
      e.mcp === null ? e : { ...e, mcp: { at: e.mcp.at, value: { ...e.mcp.value, healing: { at: now - 45 * S, text: "Auto-reconnecting gateway" } } } },
  ]),

  fault("clock-wrong", "typical", "the server is an hour ahead", (e, now) => ({ ...e, server: { ...e.server, clockSkewMs: { at: now, value: 60 * MIN } } })),
  fault("clock-wrong", "early", "three minutes behind", (e, now) => ({ ...e, server: { ...e.server, clockSkewMs: { at: now, value: -3 * MIN } } })),
  fault("clock-wrong", "noise", "and the MCP server is down", [
    (e, now) => ({ ...e, server: { ...e.server, clockSkewMs: { at: now, value: 20 * MIN } } }),
    mcp({ http: "refused", detail: "refused" }),
  ]),

  fault("vnc-off", "typical", "no VNC password set", [
    login({ vnc: "disabled" }),
    listening(4002, 4004),
    processes({ x11vnc: "absent" }),
    screen({ kind: "refused", detail: "connection refused" }),
  ]),
  fault("vnc-off", "early", "the screen has not been tried yet", [login({ vnc: "disabled" }), listening(4002, 4004), screen(null)]),
  fault("vnc-off", "noise", "while the queue is wedged", [
    login({ vnc: "disabled" }),
    listening(4002, 4004),
    screen({ kind: "refused", detail: "connection refused" }),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),
  fault("vnc-off", "typical", "the log never spoke of VNC", [
    login({ vnc: null }),
    listening(4002, 4004),
    processes({ x11vnc: "absent" }),
    screen({ kind: "refused", detail: "connection refused" }),
  ]),

  fault("vnc-died", "typical", "x11vnc is gone", [
    listening(4002, 4004),
    processes({ x11vnc: "absent" }),
    screen({ kind: "refused", detail: "connection refused" }),
  ]),
  fault("vnc-died", "early", "the process is gone, the port not tried yet", [processes({ x11vnc: "absent" }), screen(null)]),
  fault("vnc-died", "noise", "the published port closes at once, the MCP server suffers", [
    listening(4002, 4004),
    processes({ x11vnc: "zombie" }),
    screen({ kind: "closed", detail: "closed without a banner" }),
    mcp({ http: "bad-status", detail: "500" }),
  ]),
  fault("vnc-died", "typical", "it hangs", [processes({ x11vnc: "stopped" }), screen({ kind: "silent", detail: "no banner" })]),

  fault("vnc-password-wrong", "typical", "refused", screen({ kind: "answers", version: "003.008", login: "refused", picture: null })),
  fault("vnc-password-wrong", "early", "an older server", screen({ kind: "answers", version: "003.003", login: "refused", picture: null })),
  fault("vnc-password-wrong", "noise", "locked after several tries, and MCP reports trouble", [
    screen({ kind: "answers", version: "003.008", login: "too-many-attempts", picture: null }),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("vnc-black", "typical", "black and no Java", [
    screen({ kind: "answers", version: "003.008", login: "accepted", picture: "black" }),
    processes({ java: "absent" }),
  ]),
  fault("vnc-black", "early", "black while the API answers", screen({ kind: "answers", version: "003.008", login: "accepted", picture: "black" })),
  fault("vnc-black", "noise", "and a worker of MCP is dead", [
    screen({ kind: "answers", version: "003.008", login: "accepted", picture: "black" }),
    mcp({ health: { status: "degraded", ibConnected: true, breaker: "closed", workers: 3, workersAlive: 2, workersConnected: 2 } }),
  ]),
];
