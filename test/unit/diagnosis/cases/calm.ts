import {
  account,
  aged,
  api,
  apiFailed,
  apiIdle,
  broker,
  container,
  DAY,
  failure,
  H,
  history,
  lineQuiet,
  lineWasQuiet,
  link,
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
  sockets,
  starting,
} from "../evidence-builder.ts";
import { type CalmCase, calm } from "./case.ts";
import { RESET, SUNDAY } from "./login.ts";

/** 23:46 in New York on a Tuesday. */
const LATE = Date.UTC(2026, 5, 17, 3, 46, 0);
/** Saturday 01:00 in New York. */
const WEEKEND = Date.UTC(2026, 5, 20, 5, 0, 0);
/** 07:00 in Zurich on a Wednesday (summer time). */
const ZURICH = Date.UTC(2026, 5, 17, 5, 0, 0);
/** 20:30 in Hong Kong. */
const HONG_KONG = Date.UTC(2026, 5, 17, 12, 30, 0);
/** 00:30 in New York in winter. */
const WINTER = Date.UTC(2026, 0, 14, 5, 30, 0);

const lost = (agoMs: number, code: number) => broker((now) => ({ line: "down", since: now - agoMs, code }));
const peer = (name: string) => history({ peer: name });
const farm = (state: "inactive" | "connecting" | "down", agoMs: number) =>
  broker((now) => ({
    farms: [
      { name: "usfarm", kind: "market-data", state, at: now - agoMs },
      { name: "ushmds", kind: "history", state: "ok", at: now - H },
    ],
  }));
/** Starts that nobody asked Gatelight for, so many seconds ago. */
const foreignStarts = (...ago: readonly number[]) =>
  history((now) => ({
    starts: ago.map((s) => ({ startedAt: now - s * S, seenAt: now - s * S + S, byUs: false, exitCode: 143, imageId: "sha256:aaaa", containerId: "c0ffee" })),
  }));
const cleanExit = container((now) => ({ status: "exited", pid: null, exitCode: 0, finishedAt: now - 30 * S }));

export const CALM_CASES: readonly CalmCase[] = [
  calm("all is well"),
  calm("no MCP server in the settings", (e) => ({ ...e, gateway: { ...e.gateway, mcp: null }, mcp: null })),
  calm("the screen has not been looked at", screen(null)),
  calm("first second: nothing is known", [
    noDockerFacts,
    link((now) => ({ kind: "connecting", attempt: 1, since: now - S })),
    (e) => ({ ...e, server: { ...e.server, docker: null }, route: null, api: null, broker: null, account: null, screen: null, mcp: null }),
  ]),
  calm("connected, nothing looked at yet", [
    noDockerFacts,
    (e) => ({ ...e, server: { ...e.server, docker: null }, route: null, api: null, broker: null, account: null, screen: null, mcp: null }),
  ]),
  calm("link was never started", [link({ kind: "off" }), noDockerFacts, (e) => ({ ...e, api: null, broker: null, account: null })]),
  calm(
    "the session is being opened for the first time",
    api((now) => ({ kind: "opening", step: "version", since: now - S, last: null })),
  ),
  calm("the session is ready, account data is loading", [
    ready((now) => ({ since: now - 2 * S })),
    (e, now) => account({ requestedAt: now - 2 * S, completeAt: null, lastUpdateAt: null })(e, now),
    broker({ line: "unknown", farms: [] }),
  ]),
  calm("booting: container 5 s old", starting(5 * S, "boot")),
  calm("booting: IBC starts", starting(15 * S, "ibc-start")),
  calm("booting: socat refused by the closed port", [starting(25 * S, "session"), apiFailed("closed-at-once")]),
  calm("booting: the log-in form", starting(35 * S, "login-form")),
  calm("booting: authenticating", starting(60 * S, "authenticating")),
  calm("booting: no Xvfb yet in the first seconds", [
    starting(6 * S, "boot"),
    processes({ xvfb: "absent", java: "absent", x11vnc: "absent", socat: "absent" }),
    listening(),
    sockets({ xServer: false }),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  calm("logged in, the port opens in a moment", [starting(85 * S, "logged-in"), login((now) => ({ phaseAt: now - 3 * S })), apiIdle("no-listener")]),
  calm("logged in a second ago, the last attempt was before that", [
    starting(85 * S, "configured"),
    login((now) => ({ phaseAt: now - S })),
    listening(4002, 4004, 5900),
    apiFailed("closed-at-once"),
  ]),
  calm("logged in a second ago, the processes were looked at before Java began", [
    starting(20 * S, "configured"),
    login((now) => ({ phaseAt: now - S })),
    listening(4002, 4004, 5900),
    (e, now) => ({ ...e, processes: { at: now - 18 * S, value: { java: "absent", socat: "absent", x11vnc: "absent", xvfb: "running" } } }),
  ]),
  calm("another log-in had taken the session a minute ago, and it came back; our own session has just begun", [
    (e, now) => login({ problems: [problem("relogin-required", 60 * S)(now)] })(e, now),
    ready((now) => ({ since: now - 4 * S })),
    broker({ line: "unknown", farms: [] }),
  ]),
  calm("paper notice is being accepted", [
    starting(70 * S, "authenticating"),
    login((now) => ({
      problems: [problem("paper-disclaimer-open", 3 * S)(now)],
      openDialogs: [{ title: "This is not a brokerage account", at: now - 3 * S }],
    })),
  ]),
  calm(
    "one slow look: the heartbeat is 9 s late",
    ready((now) => ({ lastAnswerAt: now - 9 * S, waitingSince: now - 9 * S })),
  ),
  calm("one connection in the queue for one look", queue(1, [0, 0, 0, 1])),
  calm("the queue was busy and is empty again", queue(0, [0, 3, 1, 0])),
  calm("one connection in the queue before we are connected", [queue(1, [0, 0, 1]), apiIdle("queue-not-empty")]),
  calm("farms inactive (2107, 2108)", farm("inactive", H)),
  calm("a farm is connecting (2119)", farm("connecting", 5 * S)),
  calm("a farm was lost five seconds ago", farm("down", 5 * S)),
  calm(
    "entitlement notices",
    broker((now) => ({ notices: [354, 10089, 10090, 10091, 10167].map((code) => ({ code, text: "not subscribed", at: now - MIN })) })),
  ),
  calm(
    "1100 and then 1102",
    broker((now) => ({ line: "up", since: now - MIN, code: 1102 })),
  ),
  calm("container recreated an hour ago and good since", [
    container((now) => ({ id: "beef01", imageId: "sha256:bbbb", startedAt: now - H, createdAt: now - H })),
    login((now) => ({ phaseAt: now - H + 80 * S })),
    history((now) => ({
      lastGood: { at: now - S, containerId: "beef01", imageId: "sha256:bbbb", startedAt: now - H },
      starts: [
        { startedAt: now - 3 * DAY, seenAt: now - 3 * DAY, byUs: false, exitCode: null, imageId: "sha256:aaaa", containerId: "c0ffee" },
        { startedAt: now - H, seenAt: now - H, byUs: false, exitCode: null, imageId: "sha256:bbbb", containerId: "beef01" },
      ],
    })),
  ]),
  calm("restarted once by hand, booting", [
    starting(30 * S, "authenticating"),
    history((now) => ({
      starts: [{ startedAt: now - 30 * S, seenAt: now - 29 * S, byUs: false, exitCode: 143, imageId: "sha256:aaaa", containerId: "c0ffee" }],
    })),
  ]),
  calm("three restarts that were not ours, 90 s apart; running undisturbed for two minutes since", [
    container((now) => ({ startedAt: now - 2 * MIN })),
    login((now) => ({ phaseAt: now - 40 * S })),
    ready((now) => ({ since: now - 30 * S })),
    foreignStarts(300, 210, 120),
  ]),
  calm("our own repair restarts it for the third time", [
    starting(30 * S, "authenticating"),
    history((now) => ({
      starts: [1, 2, 3].map((n) => ({
        startedAt: now - n * 2 * MIN,
        seenAt: now - n * 2 * MIN,
        byUs: true,
        exitCode: 0,
        imageId: "sha256:aaaa",
        containerId: "c0ffee",
      })),
    })),
  ]),
  calm("daily restart inside the container", [
    starting(DAY, "restarting"),
    login((now) => ({
      sessions: 2,
      phaseAt: now - 20 * S,
      lastProgressAt: now - 15 * S,
      exits: [{ code: 0, at: now - 20 * S }],
      exit: { code: 0, at: now - 20 * S, willRestart: true },
    })),
  ]),
  calm("the token restart is a minute in", [
    starting(DAY, "session"),
    login((now) => ({ sessions: 2, autorestart: "found", phaseAt: now - 50 * S, lastProgressAt: now - 50 * S })),
  ]),
  calm("our session is parked for a repair", api({ kind: "idle", reason: "parked", until: null, last: null })),
  calm("our session is closed because this computer goes to sleep", api({ kind: "idle", reason: "asleep", until: null, last: null })),
  calm("left to TWS on purpose", apiIdle("released")),
  calm("the API session is switched off", apiIdle("off")),
  calm("closed by the gateway two seconds ago", (e, now) => apiFailed("closed", { at: now - 2 * S })(e, now)),
  calm("the line owes an answer for two seconds", [lineQuiet(2 * S), ready((now) => ({ lastAnswerAt: now - 3 * S, waitingSince: now - 2 * S }))]),
  calm("the heartbeat went unanswered while the line was silent, which it is no more", [
    apiFailed("went-silent"),
    mcp({ http: "timeout", detail: "no answer" }),
    screen({ kind: "silent", detail: "no answer" }),
    lineWasQuiet(14 * S, 4 * S),
  ]),
  calm("the session that was lost with the line still holds our id", [
    apiFailed("client-id-in-use"),
    (e, now) => ({ ...e, history: { ...e.history, apiFailures: [failure("link-lost", now, { at: now - 20 * S, wasReady: true }), ...e.history.apiFailures] } }),
  ]),
  calm("the server's clock is 40 s ahead", (e, now) => ({ ...e, server: { ...e.server, clockSkewMs: { at: now, value: 40 * S } } })),
  calm("the log is stamped in New York's time on a server in UTC", login({ stampSkewMs: -4 * H })),
  calm("the log's beginning was rotated away", [
    login({ phase: "none", phaseAt: null, truncated: true, vnc: null, relay: null, apiPort: null, readOnlyApi: null }),
  ]),
  calm("the socket table cannot be read", (e) => ({ ...e, sockets: null })),
  calm("the process list cannot be read", (e) => ({ ...e, processes: null })),
  calm("a probe is late by forty seconds while the API answers", aged(40 * S)),
  calm("quiet log for three days", aged(0)),
  calm("market closed: no account change for six hours", (e, now) => account({ lastUpdateAt: now - 6 * H })(e, now)),
  calm("the gateway's line is not named, but its sockets are there", broker({ line: "unknown", farms: [] })),
  calm(
    "old trouble in an earlier session of the log",
    login((now) => ({
      earlier: [problem("wrong-password", 2 * DAY)(now), problem("cold-restart", 2 * DAY)(now), problem("second-factor-missed", 2 * DAY)(now)],
      sessions: 4,
      exits: [{ code: 87, at: now - 2 * DAY }],
    })),
  ),
  calm(
    "second factor was approved",
    login((now) => ({ secondFactor: { startedAt: now - 3 * DAY, state: "approved", limitSeconds: 180 } })),
  ),
  calm("MCP healing a week ago", mcp({ healing: { at: 0, text: "Auto-reconnecting gateway" } })),
  calm("reached directly, no relay in use", [
    (e, now) => ({
      ...e,
      route: {
        at: now,
        value: { api: { host: "127.0.0.1", port: 4002, by: "host-network" as const, containerPort: 4002, through: "direct" as const }, vnc: null },
      },
    }),
    listening(4002, 5900),
    processes({ socat: "absent" }),
    login({ relay: null }),
  ]),
  calm("clients without owner from an old wedge, queue empty", sockets({ api: { closeWaitOrphans: 2 } })),
  calm("nightly reset: 1100", [lost(5 * MIN, 1100), sockets({ brokerLines: 0 })], RESET),
  calm("nightly reset in winter: 1100", lost(5 * MIN, 1100), WINTER),
  calm(
    "nightly reset: 2110 and farms down",
    broker((now) => ({ line: "down", since: now - 10 * MIN, code: 2110, farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - 10 * MIN }] })),
    RESET,
  ),
  calm("nightly reset: farms down only", farm("down", 4 * MIN), RESET),
  calm("nightly reset: the log-in waits", [starting(4 * MIN, "authenticating"), login((now) => ({ problems: [problem("not-available", MIN)(now)] }))], RESET),
  calm("nightly reset of Europe", [peer("zdc1.ibllc.com:4001"), lost(3 * MIN, 1100)], ZURICH),
  calm("evening reset of Asia", [peer("hdc1.ibllc.com"), lost(3 * MIN, 1100)], HONG_KONG),
  calm("weekend maintenance", lost(20 * MIN, 1100), WEEKEND),
  calm("clean exit at 23:45 New York, Docker starts it again", [cleanExit, apiFailed("closed")], LATE),
  calm("Sunday after the token died, session still up", [], SUNDAY),

  calm("re-login was asked for and went well", [login((now) => ({ problems: [problem("relogin-required", 5 * MIN)(now)] }))]),
  calm(
    "clean end at 23:45, taken for an auto-logoff by the log",
    [cleanExit, login((now) => ({ phase: "ended", phaseAt: now - 30 * S, problems: [problem("auto-logoff", 31 * S)(now)] })), apiFailed("closed")],
    LATE,
  ),
  calm("account data is nine seconds on its way", (e, now) => account({ requestedAt: now - 9 * S, completeAt: null, lastUpdateAt: null })(e, now)),

  calm("the paper notice was accepted, its closing was never logged", [
    login((now) => ({ openDialogs: [{ title: "This is not a brokerage account", at: now - 3 * DAY }] })),
  ]),

  calm("just logged in, MCP has not found it yet", [
    container((now) => ({ startedAt: now - 100 * S })),
    login((now) => ({ phaseAt: now - 15 * S })),
    ready((now) => ({ since: now - 5 * S })),
    mcp({ health: { status: "unhealthy", ibConnected: false, breaker: "open", workers: 3, workersAlive: 3, workersConnected: 0 } }),
  ]),
];
