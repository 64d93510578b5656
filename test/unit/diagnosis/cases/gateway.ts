import type { Change } from "../evidence-builder.ts";
import {
  account,
  apiFailed,
  apiIdle,
  broker,
  change,
  container,
  DAY,
  H,
  history,
  listening,
  login,
  logProblem,
  MIN,
  mcp,
  mcpSuffers,
  notices,
  processes,
  queue,
  ready,
  S,
  screen,
  sockets,
} from "../evidence-builder.ts";
import { type FaultCase, fault } from "./case.ts";

/** The gateway is labelled live: other ports, other container. */
const live: Change = (e, now) =>
  change(
    (each) => ({
      ...each,
      gateway: { ...each.gateway, id: "live", name: "Live", mode: "live", container: "mcp-ib-gateway-live", ports: { relay: 4003, api: 4001, vnc: 5900 } },
    }),
    container({ name: "mcp-ib-gateway-live" }),
    login({ apiPort: 4001, relay: { from: 4003, to: 4001, tradingMode: "live" } }),
    listening(4001, 4003, 5900),
    account({ accounts: ["U1234567"], prefix: "live" }),
  )(e, now);
const direct =
  (by: "published" | "container-address" | "host-network"): Change =>
  (e, now) => ({
    ...e,
    route: {
      at: now,
      value: { api: { host: by === "published" ? "127.0.0.1" : "172.18.0.5", port: 4002, by, containerPort: 4002, through: "direct" }, vnc: null },
    },
  });
const published = container({
  published: [
    { containerPort: 4002, hostAddress: "0.0.0.0", hostPort: 4002 },
    { containerPort: 5900, hostAddress: "127.0.0.1", hostPort: 15900 },
  ],
});
const orphans = sockets({ api: { closeWaitOrphans: 7, synSent: 2, closeWaitHeld: 0, established: 51 }, listenOverflows: 40, listenDrops: 40 });
const replaced = (imageId: string): Change =>
  change(
    container((now) => ({ id: "beef01", imageId, startedAt: now - 20 * MIN, createdAt: now - 20 * MIN })),
    login((now) => ({ phaseAt: now - 18 * MIN })),
    history((now) => ({ lastGood: { at: now - 30 * MIN, containerId: "c0ffee", imageId: "sha256:aaaa", startedAt: now - 3 * DAY } })),
  );

/** Rows 28 to 38, 43 to 48 and 50 to 52. */
export const GATEWAY_CASES: readonly FaultCase[] = [
  fault("accept-queue-wedge", "typical", "the incident: full queue, clients that gave up, SYN unanswered", [
    queue(51),
    orphans,
    apiFailed("silent"),
    login({ relayErrors: { refused: 3, timedOut: 4, lastAt: null } }),
    mcpSuffers,
  ]),
  fault("accept-queue-wedge", "typical", "phase A: twelve connect and stay silent", [queue(12), apiIdle("queue-not-empty")]),
  fault("accept-queue-wedge", "early", "one waits, look after look", [queue(1), apiIdle("queue-not-empty")]),
  fault("accept-queue-wedge", "early", "two wait while an older session still answers", queue(2, [1, 1, 2, 2])),
  fault("accept-queue-wedge", "noise", "MCP says api_ready, an image was replaced, Java stopped", [
    queue(33),
    replaced("sha256:bbbb"),
    apiFailed("went-silent"),
    processes({ java: "stopped" }),
    mcp({ gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false }, health: null }),
  ]),
  fault("accept-queue-wedge", "noise", "the last attempt, before it, was closed at once", [
    queue(40),
    orphans,
    apiFailed("closed-at-once"),
    screen({ kind: "refused", detail: "refused" }),
  ]),

  fault("localhost-only", "typical", "queue empty, EOF within milliseconds, past the relay", [direct("container-address"), apiFailed("closed-at-once")]),
  fault("localhost-only", "typical", "through a relay on ::1", [apiFailed("closed-at-once"), mcpSuffers]),
  fault("localhost-only", "early", "the first attempt after the log-in", [
    container((now) => ({ startedAt: now - 100 * S })),
    login((now) => ({ phaseAt: now - 10 * S })),
    apiFailed("closed-at-once", {}),
  ]),
  fault("localhost-only", "noise", "MCP says api_ready, VNC is off", [
    apiFailed("closed-at-once"),
    login({ vnc: "disabled" }),
    screen({ kind: "refused", detail: "refused" }),
    mcp({ gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false }, health: null }),
  ]),
  fault("localhost-only", "noise", "restarted since it was good", [
    apiFailed("closed-at-once"),
    history((now) => ({ lastGood: { at: now - 4 * DAY, containerId: "c0ffee", imageId: "sha256:aaaa", startedAt: now - 9 * DAY } })),
  ]),

  fault("accept-dialog", "typical", "the dialog is open, our hello waits", [
    logProblem("accept-dialog-open", MIN),
    login((now) => ({ openDialogs: [{ title: "Accept incoming connection", at: now - MIN }] })),
    apiFailed("silent"),
  ]),
  fault("accept-dialog", "early", "it opened this second", [
    login((now) => ({ openDialogs: [{ title: "Accept incoming connection", at: now - S }] })),
    apiFailed("silent"),
  ]),
  fault("accept-dialog", "noise", "MCP complains, one stray in the queue", [
    logProblem("accept-dialog-open", 2 * MIN),
    apiFailed("silent"),
    queue(0, [0, 1, 0]),
    mcpSuffers,
  ]),
  fault("accept-dialog", "typical", "someone answered No", apiFailed("closed-after-start")),

  fault("relay-bypassed", "typical", "4002:4002 published, closed at once", [published, direct("published"), apiFailed("closed-at-once")]),
  fault("relay-bypassed", "early", "silent", [published, direct("published"), apiFailed("silent")]),
  fault("relay-bypassed", "noise", "MCP complains, VNC died", [
    published,
    direct("published"),
    apiFailed("closed-at-once"),
    processes({ x11vnc: "absent" }),
    screen({ kind: "refused", detail: "refused" }),
    mcpSuffers,
  ]),

  fault("port-mismatch", "typical", "listens on 4000", [listening(4000, 4004, 5900), login({ apiPort: 4000 }), apiFailed("closed-at-once"), mcpSuffers]),
  fault("port-mismatch", "early", "nothing has been tried", [listening(7497, 4004, 5900), apiIdle("no-listener")]),
  fault("port-mismatch", "noise", "the relay sends to 4000, the gateway listens on 4002", [
    login({ relay: { from: 4004, to: 4000, tradingMode: "paper" } }),
    apiFailed("closed-at-once"),
    mcpSuffers,
  ]),
  fault("port-mismatch", "noise", "and VNC is off", [
    listening(4001, 4004),
    login({ vnc: "disabled" }),
    screen({ kind: "refused", detail: "refused" }),
    apiFailed("closed-at-once"),
  ]),

  fault("mode-mismatch", "typical", "a paper account under the label live", [live, account({ accounts: ["DU1234567"], prefix: "paper" })]),
  fault("mode-mismatch", "typical", "a live account under the label paper", account({ accounts: ["U1234567"], prefix: "live" })),
  fault("mode-mismatch", "early", "the container runs in the other mode, nothing answers here", [
    listening(4001, 4003, 5900),
    login({ apiPort: 4001, relay: { from: 4003, to: 4001, tradingMode: "live" } }),
    apiFailed("dial-refused"),
  ]),
  fault("mode-mismatch", "noise", "farms down and MCP in trouble", [
    live,
    account({ prefix: "paper" }),
    broker((now) => ({ farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - MIN }] })),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("read-only-api", "typical", "the box is ticked", login({ readOnlyApi: true })),
  fault("read-only-api", "early", "the dialog about write access is open", logProblem("write-access-dialog-open", 4 * S)),
  fault("read-only-api", "noise", "321 by the API, MCP degraded", [
    login({ readOnlyApi: null }),
    broker((now) => notices(321, "The API interface is currently in Read-Only mode.", now - MIN)),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("gateway-hung", "typical", "silent with an empty queue", [apiFailed("silent"), mcpSuffers]),
  fault("gateway-hung", "typical", "OutOfMemoryError", [
    logProblem("out-of-memory", 2 * MIN, "java.lang.OutOfMemoryError: Java heap space"),
    apiFailed("went-silent"),
  ]),
  fault(
    "gateway-hung",
    "early",
    "the session's heartbeat hangs",
    ready((now) => ({ lastAnswerAt: now - 20 * S, waitingSince: now - 18 * S })),
  ),
  fault("gateway-hung", "noise", "another log-in had taken the session an hour ago, and it came back", [
    logProblem("relogin-required", 60 * MIN, "Re-login is required"),
    apiFailed("silent"),
    mcpSuffers,
  ]),
  fault("gateway-hung", "noise", "stopped by SIGSTOP before anyone queued, the screen is frozen too", [
    processes({ java: "stopped" }),
    apiFailed("went-silent"),
    screen({ kind: "silent", detail: "no banner" }),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("client-id-in-use", "typical", "326", apiFailed("client-id-in-use")),
  fault("client-id-in-use", "early", "the next try is under way", [
    apiFailed("client-id-in-use"),
    (e, now) => ({
      ...e,
      api: { at: now, value: { kind: "opening", step: "version", since: now - S, last: e.api?.value.kind === "idle" ? e.api.value.last : null } },
    }),
  ]),
  fault("client-id-in-use", "noise", "MCP says connected, VNC died", [
    apiFailed("client-id-in-use"),
    processes({ x11vnc: "absent" }),
    screen({ kind: "refused", detail: "refused" }),
  ]),

  fault("relay-dead", "typical", "no socat, nothing on 4004", [listening(4002, 5900), processes({ socat: "absent" }), apiFailed("dial-refused"), mcpSuffers]),
  fault("relay-dead", "early", "just gone, our session with it", [listening(4002, 5900), processes({ socat: "absent" }), apiFailed("closed")]),
  fault("relay-dead", "noise", "its script is a directory; MCP and VNC in trouble", [
    listening(4002),
    processes({ socat: "absent" }),
    logProblem("relay-not-a-file", DAY, "run_socat.sh: Is a directory"),
    apiFailed("closed-at-once"),
    login({ vnc: "disabled" }),
    screen({ kind: "refused", detail: "refused" }),
    mcpSuffers,
  ]),
  fault("relay-dead", "noise", "published port: docker-proxy accepts for it and closes at once", [
    listening(4002, 5900),
    processes({ socat: "absent" }),
    apiFailed("closed-at-once"),
  ]),

  fault("broker-unreachable", "typical", "1100, no line in the socket table", [
    broker((now) => ({ line: "down", since: now - 2 * MIN, code: 1100 })),
    sockets({ brokerLines: 0 }),
  ]),
  fault("broker-unreachable", "early", "2110 on connect", [
    broker((now) => ({ line: "down", since: now - 2 * S, code: 2110 })),
    ready((now) => ({ since: now - 3 * S })),
  ]),
  fault("broker-unreachable", "noise", "farms down and account data missing with it", [
    broker((now) => ({ line: "down", since: now - 2 * MIN, code: 1100, farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - 2 * MIN }] })),
    account({ completeAt: null }),
    mcpSuffers,
  ]),
  fault("broker-unreachable", "typical", "no connection to log in with", [
    container((now) => ({ startedAt: now - 3 * MIN })),
    login((now) => ({
      phase: "login-form",
      phaseAt: now - MIN,
      problems: [{ kind: "connection-failed", at: now - MIN, text: "Connection to server failed" }],
    })),
    listening(4004, 5900),
    apiIdle("not-logged-in"),
    sockets({ brokerLines: 0 }),
  ]),

  fault(
    "farms-down",
    "typical",
    "a market-data farm",
    broker((now) => ({ farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - MIN }] })),
  ),
  fault(
    "farms-down",
    "early",
    "just over a quarter of a minute",
    broker((now) => ({ farms: [{ name: "ushmds", kind: "history", state: "down", at: now - 16 * S }] })),
  ),
  fault("farms-down", "noise", "others are inactive, MCP in trouble", [
    broker((now) => ({
      farms: [
        { name: "usfarm", kind: "market-data", state: "down", at: now - MIN },
        { name: "euhmds", kind: "history", state: "inactive", at: now - H },
        { name: "secdefil", kind: "sec-def", state: "down", at: now - MIN },
      ],
    })),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("api-port-changed", "typical", "1300, then closed; it listens elsewhere", [listening(4010, 4004, 5900), apiFailed("port-changed", { newPort: 4010 })]),
  fault("api-port-changed", "early", "the socket table is older than the change", apiFailed("port-changed", { newPort: 7497 })),
  fault("api-port-changed", "noise", "MCP complains", [listening(7497, 4004, 5900), apiFailed("port-changed"), mcpSuffers]),

  fault("account-data-silent", "typical", "asked for two minutes ago", [
    ready((now) => ({ since: now - 3 * MIN })),
    (e, now) => account({ requestedAt: now - 2 * MIN, completeAt: null, lastUpdateAt: null })(e, now),
  ]),
  fault("account-data-silent", "early", "forty seconds", (e, now) => account({ requestedAt: now - 40 * S, completeAt: null, lastUpdateAt: null })(e, now)),
  fault("account-data-silent", "noise", "asked again without an answer; 2100; MCP in trouble", [
    (e, now) => account({ requestedAt: now - 5 * MIN, completeAt: now - H, lastUpdateAt: now - H })(e, now),
    broker((now) => notices(2100, "API client has been unsubscribed from account data.", now - 6 * MIN)),
    mcp({ http: "timeout", detail: "no answer" }),
  ]),

  fault("settings-lost", "typical", "new container and image, refuses since", [replaced("sha256:bbbb"), apiFailed("closed-at-once")]),
  fault("settings-lost", "early", "same image, made anew, asks before it accepts", [
    replaced("sha256:aaaa"),
    logProblem("accept-dialog-open", 10 * S),
    apiFailed("silent"),
  ]),
  fault("settings-lost", "early", "refused a second after the first log-in of the new container", [
    replaced("sha256:bbbb"),
    login((now) => ({ phase: "logged-in", phaseAt: now - 2 * S })),
    apiFailed("closed-at-once"),
  ]),
  fault("settings-lost", "noise", "port back to another one, MCP complains", [
    replaced("sha256:bbbb"),
    listening(4000, 4004, 5900),
    apiFailed("closed-at-once"),
    mcpSuffers,
  ]),
  fault("settings-lost", "noise", "read-only again after the update", [replaced("sha256:bbbb"), login({ readOnlyApi: true })]),

  fault("wrong-service", "typical", "an SSH banner", apiFailed("wrong-service", { firstBytes: "SSH-2.0-OpenSSH" })),
  fault("wrong-service", "early", "a frame that is none", apiFailed("bad-frame")),
  fault("wrong-service", "noise", "HTTP there, MCP down, VNC off", [
    apiFailed("wrong-service", { firstBytes: "HTTP/1.1 400" }),
    login({ vnc: "disabled" }),
    screen({ kind: "refused", detail: "refused" }),
    mcp({ http: "refused", detail: "refused" }),
  ]),

  fault(
    "mcp-down",
    "typical",
    "port refuses, container exited",
    mcp({ http: "refused", detail: "connection refused", containerStatus: "exited", health: null, gatewayStatus: null }),
  ),
  fault("mcp-down", "early", "two questions unanswered for three seconds", (e, now) => mcp({ waitingSince: now - 3 * S })(e, now)),
  fault("mcp-down", "early", "no answer to two questions, half a minute after the gateway's log-in", [
    login((now) => ({ phaseAt: now - 30 * S })),
    (e, now) => mcp({ waitingSince: now - 2 * S })(e, now),
  ]),
  fault("mcp-down", "early", "no answer in time", mcp({ http: "timeout", detail: "no answer within 5 s", health: null, gatewayStatus: null })),
  fault(
    "mcp-down",
    "noise",
    "breaker open though the gateway is fine; says api_ready",
    mcp({
      health: { status: "unhealthy", ibConnected: false, breaker: "open", workers: 3, workersAlive: 3, workersConnected: 0 },
      gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false },
    }),
  ),
  fault(
    "mcp-down",
    "typical",
    "no worker alive",
    mcp({ health: { status: "unhealthy", ibConnected: false, breaker: "closed", workers: 3, workersAlive: 0, workersConnected: 0 }, gatewayStatus: null }),
  ),

  fault(
    "mcp-misleading",
    "typical",
    "api_ready, though not connected itself",
    mcp({
      health: { status: "unhealthy", ibConnected: false, breaker: "closed", workers: 3, workersAlive: 3, workersConnected: 0 },
      gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false },
    }),
  ),
  fault("mcp-misleading", "early", "before health was read, session released", [
    apiIdle("released"),
    mcp({ health: null, gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false } }),
  ]),
  fault("mcp-misleading", "noise", "beside a closed API: second after the gateway's own cause", [
    apiFailed("closed-at-once"),
    mcp({ health: null, gatewayStatus: { status: "api_ready", apiPortOpen: true, ibConnected: false } }),
  ]),

  fault("mcp-desync", "typical", "another id in the reply", mcp({ desync: true })),
  fault("mcp-desync", "early", "before health was read", mcp({ desync: true, health: null, gatewayStatus: null })),
  fault(
    "mcp-desync",
    "noise",
    "and unhealthy",
    mcp({ desync: true, health: { status: "unhealthy", ibConnected: false, breaker: "closed", workers: 3, workersAlive: 3, workersConnected: 0 } }),
  ),

  fault("unexplained", "typical", "refused though relay and gateway listen", apiFailed("dial-refused")),
  fault("unexplained", "early", "closed by the gateway a minute ago, nothing since", (e, now) => apiFailed("closed", { at: now - MIN })(e, now)),
  fault("unexplained", "noise", "a version Gatelight does not speak, VNC off", [apiFailed("unsupported-version")]),
  fault("unexplained", "typical", "nothing listens, nobody says why", [listening(4004, 5900), apiIdle("no-listener")]),

  fault("gateway-hung", "noise", "out of memory, and our own attempt is left in the queue", [
    logProblem("out-of-memory", MIN, "java.lang.OutOfMemoryError: Java heap space"),
    queue(1),
    sockets({ api: { closeWaitOrphans: 1 } }),
    apiFailed("silent"),
  ]),
  fault("gateway-hung", "noise", "process stopped, two left in the queue", [
    processes({ java: "stopped" }),
    queue(2),
    sockets({ api: { closeWaitOrphans: 1 } }),
    apiFailed("silent"),
    mcpSuffers,
  ]),
  fault("accept-queue-wedge", "noise", "process stopped for long, the queue full", [
    processes({ java: "stopped" }),
    queue(51),
    orphans,
    apiFailed("closed-late"),
    mcpSuffers,
  ]),
  fault("account-data-silent", "early", "sixteen seconds", (e, now) => account({ requestedAt: now - 16 * S, completeAt: null, lastUpdateAt: null })(e, now)),
  fault("farms-down", "early", "down already when we connected", [
    ready((now) => ({ since: now - 5 * S })),
    broker((now) => ({ farms: [{ name: "usfarm.nj", kind: "market-data", state: "down", at: now - 4 * S }] })),
  ]),
  fault("accept-queue-wedge", "typical", "queue of seven, our session was closed", [
    queue(7),
    sockets({ api: { closeWaitOrphans: 4 } }),
    (e, now) => ({
      ...e,
      api: {
        at: now,
        value: {
          kind: "idle",
          reason: "queue-not-empty",
          until: null,
          last: {
            kind: "closed",
            at: now - 20 * S,
            afterMs: H,
            detail: "closed by the gateway",
            clientId: 901,
            firstBytes: null,
            newPort: null,
            wasReady: true,
          },
        },
      },
    }),
  ]),

  fault("accept-queue-wedge", "noise", "the paper notice of the log-in never seen to close", [
    queue(51),
    apiFailed("silent"),
    login((now) => ({ openDialogs: [{ title: "This is not a brokerage account", at: now - 3 * DAY }] })),
  ]),

  fault("api-port-changed", "early", "nobody was connected to be told (no 1300)", [
    sockets({
      listeners: [
        { port: 4010, family: 6, address: "::", queue: 0 },
        { port: 4004, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 5900, family: 4, address: "0.0.0.0", queue: 0 },
        { port: 7462, family: 6, address: "::", queue: 0 },
        { port: 38211, family: 4, address: "127.0.0.11", queue: 0 },
      ],
    }),
    apiIdle("no-listener"),
  ]),

  fault("mcp-down", "early", "no worker alive, our own session just begun", [
    ready((now) => ({ since: now - 2 * S })),
    mcp({ health: { status: "unhealthy", ibConnected: false, breaker: "closed", workers: 3, workersAlive: 0, workersConnected: 0 }, gatewayStatus: null }),
  ]),
  fault(
    "mcp-down",
    "noise",
    "a status of its own",
    mcp({ health: { status: "other", ibConnected: null, breaker: null, workers: null, workersAlive: null, workersConnected: null }, gatewayStatus: null }),
  ),
];
