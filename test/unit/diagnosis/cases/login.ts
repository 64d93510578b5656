import {
  api,
  apiIdle,
  broker,
  container,
  DAY,
  hanging,
  history,
  login,
  logProblem,
  MIN,
  mcpSuffers,
  notices,
  problem,
  processes,
  S,
  screen,
  sockets,
  starting,
} from "../evidence-builder.ts";
import { type FaultCase, fault } from "./case.ts";

/** A Sunday, 02:30 in New York: the token died ninety minutes ago, no window is open. */
export const SUNDAY = Date.UTC(2026, 5, 21, 6, 30, 0);
/** A Wednesday, 00:40 in New York: the nightly reset of America. */
export const RESET = Date.UTC(2026, 5, 17, 4, 40, 0);

const factor = (startedAgo: number, state: "pending" | "missed-retries" | "missed-stuck", limitSeconds = 180) =>
  login((now) => ({ secondFactor: { startedAt: now - startedAgo, state, limitSeconds } }));

/** Rows 10 to 28 and 47. */
export const LOGIN_CASES: readonly FaultCase[] = [
  fault("booting", "typical", "40 s after the start", starting(40 * S, "authenticating")),
  fault("booting", "early", "the log has no line yet", starting(3 * S, "none")),
  fault("booting", "early", "the log has not been read yet", [starting(8 * S, "boot"), (e) => ({ ...e, login: null })]),
  fault("booting", "noise", "restart inside the container, MCP complains", [
    starting(DAY, "restarting"),
    login((now) => ({ sessions: 2, phaseAt: now - 25 * S, lastProgressAt: now - 20 * S })),
  ]),
  fault("booting", "noise", "logged in, the port not open yet", [
    starting(80 * S, "configured"),
    login((now) => ({ phaseAt: now - 4 * S })),
    apiIdle("no-listener"),
  ]),

  fault("login-window-missing", "typical", "IBC says so", [hanging(20 * S, "session"), logProblem("login-window-missing", 10 * S)]),
  fault("login-window-missing", "early", "exit 88 a moment ago, trying again", [
    starting(90 * S, "session"),
    login((now) => ({ sessions: 2, exits: [{ code: 88, at: now - 20 * S }] })),
  ]),
  fault("login-window-missing", "noise", "third session, MCP server down too", [
    hanging(10 * S, "session"),
    login((now) => ({
      sessions: 3,
      problems: [problem("login-window-missing", 5 * S)(now)],
      earlier: [problem("login-window-missing", 3 * MIN)(now)],
      exits: [{ code: 88, at: now - 3 * MIN }],
    })),
    mcpSuffers,
  ]),

  fault("xvfb-dead", "typical", "no Xvfb process, Java gone", [
    hanging(5 * MIN, "session"),
    processes({ xvfb: "absent", java: "absent", x11vnc: "absent" }),
    sockets({ xServer: false }),
    screen({ kind: "refused", detail: "refused" }),
  ]),
  fault("xvfb-dead", "early", "the log complains", [
    starting(25 * S, "boot"),
    logProblem("xvfb-failed", 4 * S, 'XOpenDisplay(":1") failed'),
    processes({ xvfb: "absent", java: "absent" }),
  ]),
  fault("xvfb-dead", "noise", "and IBC misses the log-in window", [
    hanging(2 * MIN, "session"),
    login((now) => ({ problems: [problem("xvfb-failed", 2 * MIN)(now), problem("login-window-missing", MIN)(now)] })),
    processes({ xvfb: "absent", x11vnc: "absent" }),
    sockets({ xServer: false }),
  ]),

  fault("wrong-password", "typical", "unrecognised user name or password", [
    hanging(30 * S, "login-form"),
    logProblem("wrong-password", 25 * S, "Unrecognized Username or Password"),
  ]),
  fault("wrong-password", "early", "first attempt, 50 s after the start", [
    starting(50 * S, "authenticating"),
    logProblem("login-failed", 3 * S, "Login failed"),
  ]),
  fault("wrong-password", "noise", "followed by cold restarts", [
    hanging(30 * S, "login-form"),
    login((now) => ({
      loginAttempts: 4,
      problems: [problem("wrong-password", 20 * S)(now)],
      earlier: [
        problem("wrong-password", 2 * MIN)(now),
        problem("cold-restart", 90 * S)(now),
        problem("cold-restart", 60 * S)(now),
        problem("cold-restart", 30 * S)(now),
      ],
    })),
  ]),

  fault("too-many-attempts", "typical", "please wait 10 minutes", [
    hanging(MIN, "login-form"),
    logProblem("too-many-attempts", 50 * S, "Too many failed login attempts. Please wait 10 minutes"),
  ]),
  fault("too-many-attempts", "early", "said of the first try, a moment ago", [
    starting(30 * S, "authenticating"),
    login((now) => ({ loginAttempts: 1, problems: [problem("login-failed", S)(now), problem("too-many-attempts", S, "Your account has been locked")(now)] })),
  ]),
  fault("too-many-attempts", "early", "just said so", [starting(2 * MIN, "login-form"), logProblem("too-many-attempts", 2 * S)]),
  fault("too-many-attempts", "noise", "after wrong passwords", [
    hanging(MIN, "login-form"),
    login((now) => ({
      loginAttempts: 6,
      problems: [problem("wrong-password", 2 * MIN)(now), problem("too-many-attempts", MIN)(now)],
      earlier: [problem("wrong-password", 5 * MIN)(now)],
    })),
  ]),

  fault("second-factor-pending", "typical", "asked for 40 s ago", [starting(90 * S, "second-factor"), factor(40 * S, "pending")]),
  fault("second-factor-pending", "early", "asked for this very moment", [starting(30 * S, "second-factor"), factor(0, "pending")]),
  fault(
    "second-factor-pending",
    "noise",
    "on a Sunday, with an autorestart file",
    [hanging(50 * S, "second-factor", { autorestart: "found", sessions: 2 }), factor(50 * S, "pending")],
    SUNDAY,
  ),
  fault("second-factor-pending", "noise", "a first one was missed, the second waits", [
    starting(6 * MIN, "second-factor"),
    factor(20 * S, "pending"),
    login((now) => ({ earlier: [problem("second-factor-missed", 3 * MIN)(now)], sessions: 2, exits: [{ code: 87, at: now - 2 * MIN }] })),
  ]),

  fault("second-factor-missed", "typical", "dead end", [hanging(5 * MIN, "second-factor"), factor(8 * MIN, "missed-stuck")]),
  fault("second-factor-missed", "early", "IBC logs in again in 5 s", [hanging(5 * S, "second-factor"), factor(185 * S, "missed-retries")]),
  fault(
    "second-factor-missed",
    "noise",
    "on a Sunday",
    [hanging(20 * MIN, "second-factor", { autorestart: "not-found" }), factor(23 * MIN, "missed-stuck")],
    SUNDAY,
  ),
  fault("second-factor-missed", "noise", "never answered, never ended", [hanging(30 * MIN, "second-factor"), factor(30 * MIN, "pending")]),

  fault("second-factor-device", "typical", "the device is not given", [
    hanging(MIN, "second-factor"),
    logProblem("second-factor-device", MIN, "You should specify the required second factor device"),
  ]),
  fault("second-factor-device", "early", "its name was not found", [
    starting(70 * S, "second-factor"),
    logProblem("second-factor-device", S, "could not find second factor device 'IB Key'"),
  ]),
  fault("second-factor-device", "noise", "while a second factor counts as pending", [
    hanging(MIN, "second-factor"),
    factor(MIN, "pending"),
    logProblem("second-factor-device", 55 * S),
  ]),

  fault("password-expired", "typical", "Password Notice", [hanging(2 * MIN, "login-form"), logProblem("password-notice", 2 * MIN, "Password Notice")]),
  fault("password-expired", "early", "announced while all works", logProblem("password-notice", 3 * DAY, "Password Notice")),
  fault("password-expired", "noise", "and the log-in failed", [
    hanging(2 * MIN, "login-form"),
    login((now) => ({ problems: [problem("login-failed", 3 * MIN)(now), problem("password-notice", 2 * MIN)(now)] })),
  ]),

  fault("existing-session", "typical", "the dialog waits", [
    hanging(3 * MIN, "authenticating"),
    logProblem("existing-session", 3 * MIN, "Existing session detected"),
  ]),
  fault("existing-session", "early", "seen just now, a minute after the start", [starting(60 * S, "authenticating"), logProblem("existing-session", 2 * S)]),
  fault("existing-session", "noise", "it had been kicked out before", [
    hanging(MIN, "authenticating"),
    login((now) => ({ problems: [problem("relogin-required", 2 * MIN)(now), problem("existing-session", MIN)(now)] })),
  ]),

  fault("kicked-out", "typical", "re-login is required, 1100", [
    logProblem("relogin-required", MIN, "Re-login is required"),
    broker((now) => ({ line: "down", since: now - MIN, code: 1100 })),
    sockets({ brokerLines: 0 }),
  ]),
  fault(
    "kicked-out",
    "early",
    "10197 and then 1100",
    broker((now) => ({
      line: "down",
      since: now - 5 * S,
      code: 1100,
      notices: [{ code: 10197, text: "No market data during competing live session", at: now - 20 * S }],
    })),
  ),
  fault(
    "kicked-out",
    "noise",
    "in the nightly reset, with the hand-off dialog",
    [logProblem("trading-login-handoff", 2 * MIN, "Trading Login Handoff dialog"), broker((now) => ({ line: "down", since: now - 2 * MIN, code: 1100 }))],
    RESET,
  ),
  fault(
    "kicked-out",
    "noise",
    "only the market data",
    broker((now) => ({ notices: [{ code: 10197, text: "competing session", at: now - MIN }] })),
  ),

  fault("broker-lockout", "typical", "authenticating for ten minutes", hanging(10 * MIN, "authenticating", { loginAttempts: 3 })),
  fault("broker-lockout", "early", "two tries, two and a half minutes", [
    starting(4 * MIN, "authenticating"),
    login((now) => ({ loginAttempts: 2, phaseAt: now - 150 * S, lastProgressAt: now - 150 * S })),
  ]),
  fault("broker-lockout", "early", "one try, and launcher.log tells of its end", [
    starting(60 * S, "authenticating"),
    login((now) => ({ loginAttempts: 1, silentTimeoutAt: now - S, phaseAt: now - 31 * S, lastProgressAt: now - 31 * S })),
  ]),
  fault("broker-lockout", "early", "one try, three minutes without a word", [
    starting(4 * MIN, "authenticating"),
    login((now) => ({ loginAttempts: 1, phaseAt: now - 181 * S, lastProgressAt: now - 181 * S })),
  ]),
  fault("broker-lockout", "noise", "MCP down, no VNC", [
    hanging(20 * MIN, "authenticating", { loginAttempts: 1, vnc: "disabled" }),
    screen({ kind: "refused", detail: "refused" }),
  ]),

  fault(
    "broker-maintenance",
    "typical",
    "1100 in the nightly reset",
    [broker((now) => ({ line: "down", since: now - 5 * MIN, code: 1100 })), sockets({ brokerLines: 0 })],
    RESET,
  ),
  fault("broker-maintenance", "early", "not available, outside of any window", [
    hanging(MIN, "login-form"),
    logProblem("not-available", 30 * S, "The system is not currently available."),
  ]),
  fault(
    "broker-maintenance",
    "noise",
    "log-in hangs in the window, MCP complains",
    [hanging(4 * MIN, "authenticating", { loginAttempts: 3 }), logProblem("not-available", 2 * MIN)],
    RESET,
  ),
  fault(
    "broker-maintenance",
    "noise",
    "2110 with farms down",
    [broker((now) => ({ line: "down", since: now - MIN, code: 2110, farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - MIN }] }))],
    RESET,
  ),

  fault(
    "weekly-login-due",
    "typical",
    "token refused, form shown",
    [hanging(30 * MIN, "login-form", { autorestart: "found", sessions: 2, loginAttempts: 1 })],
    SUNDAY,
  ),
  fault(
    "weekly-login-due",
    "early",
    "a minute after the restart",
    [hanging(30 * S, "login-form", { autorestart: "found", sessions: 2, loginAttempts: 0 })],
    SUNDAY,
  ),
  fault(
    "weekly-login-due",
    "noise",
    "form shown, MCP and VNC in trouble",
    [hanging(40 * MIN, "login-form", { autorestart: "found", sessions: 2, loginAttempts: 0, vnc: "disabled" }), screen({ kind: "refused", detail: "refused" })],
    SUNDAY,
  ),

  fault("stale-autorestart", "typical", "form shown, nobody types", hanging(6 * MIN, "login-form", { autorestart: "found", loginAttempts: 0 })),
  fault("stale-autorestart", "early", "ninety seconds at the form", [
    starting(2 * MIN, "login-form"),
    login((now) => ({ autorestart: "found", loginAttempts: 0, phaseAt: now - 90 * S, lastProgressAt: now - 90 * S })),
  ]),
  fault("stale-autorestart", "noise", "several files", [
    hanging(5 * MIN, "login-form", { autorestart: "several", loginAttempts: 0 }),
    logProblem("several-autorestart-files", 5 * MIN, "More than one autorestart file"),
    mcpSuffers,
  ]),

  fault("restart-stalled", "typical", "nothing since “Starting Gateway”", hanging(9 * MIN, "session", { autorestart: "found", sessions: 2, loginAttempts: 0 })),
  fault("restart-stalled", "early", "three minutes", hanging(170 * S, "session", { autorestart: "found", sessions: 2, loginAttempts: 0 })),
  fault("restart-stalled", "noise", "Java stopped, MCP complains", [
    hanging(12 * MIN, "restarting", { sessions: 3, autorestart: "found", loginAttempts: 0 }),
    mcpSuffers,
  ]),

  fault("auto-logoff", "typical", "logged off, container ended", [
    container((now) => ({ status: "exited", pid: null, exitCode: 0, finishedAt: now - MIN, restartPolicy: "no" })),
    login((now) => ({
      phase: "ended",
      phaseAt: now - MIN,
      problems: [problem("auto-logoff", 2 * MIN, "Auto logoff")(now)],
      exit: { code: 0, at: now - MIN, willRestart: false },
    })),
    apiIdle("not-running"),
  ]),
  fault("auto-logoff", "early", "the container is up again and logs in", [
    starting(40 * S, "login-form"),
    login((now) => ({ earlier: [problem("auto-logoff", 90 * S)(now)] })),
  ]),
  fault("auto-logoff", "noise", "daily starts, second factor pending", [
    starting(60 * S, "second-factor"),
    factor(20 * S, "pending"),
    login((now) => ({ autorestart: "not-found", earlier: [problem("auto-logoff", 2 * MIN)(now)] })),
    history((now) => ({
      starts: [3, 2, 1, 0].map((days) => ({
        startedAt: now - 60 * S - days * DAY,
        seenAt: now - 59 * S - days * DAY,
        byUs: false,
        exitCode: 0,
        imageId: "sha256:aaaa",
        containerId: "c0ffee",
      })),
    })),
  ]),

  fault("cold-restart-loop", "typical", "five within minutes", [
    hanging(10 * S, "session"),
    login((now) => ({ sessions: 6, earlier: [1, 2, 3, 4, 5].map((n) => problem("cold-restart", n * MIN)(now)) })),
  ]),
  fault("cold-restart-loop", "early", "the second", [
    starting(3 * MIN, "session"),
    login((now) => ({ sessions: 3, problems: [problem("cold-restart", 5 * S)(now)], earlier: [problem("cold-restart", 90 * S)(now)] })),
  ]),
  fault("cold-restart-loop", "noise", "Docker's count rises with it", [
    starting(20 * S, "session"),
    container({ restartCount: 4, exitCode: 1 }),
    login((now) => ({ problems: [problem("cold-restart", S)(now)], earlier: [2, 3, 4].map((n) => problem("cold-restart", n * MIN)(now)) })),
    mcpSuffers,
  ]),

  fault("paper-disclaimer", "typical", "open for five minutes", [
    login((now) => ({
      phase: "logged-in",
      phaseAt: now - 5 * MIN,
      problems: [problem("paper-disclaimer-open", 5 * MIN)(now)],
      openDialogs: [{ title: "This is not a brokerage account", at: now - 5 * MIN }],
    })),
    api((now) => ({
      kind: "idle",
      reason: "backing-off",
      until: null,
      last: { kind: "silent", at: now - 20 * S, afterMs: 12_000, detail: "silent", clientId: 901, firstBytes: null, newPort: null, wasReady: false },
    })),
  ]),
  fault("paper-disclaimer", "early", "open for half a minute, nothing tried", [
    starting(2 * MIN, "authenticating"),
    logProblem("paper-disclaimer-open", 30 * S),
    apiIdle("not-logged-in"),
  ]),
  fault("paper-disclaimer", "noise", "10141 by the API", [
    broker((now) => notices(10141, "Paper trading disclaimer must first be accepted for API connection", now - 30 * S)),
    mcpSuffers,
  ]),

  fault("build-desupported", "typical", "log-in blocked", [
    hanging(MIN, "login-form"),
    logProblem("desupported", MIN, "This version needs to be upgraded, as it will be desupported on 20261001"),
  ]),
  fault("build-desupported", "early", "only announced", logProblem("desupported", 2 * DAY, "needs to be upgraded, as it will be desupported")),
  fault("build-desupported", "noise", "and the log-in failed", [
    hanging(MIN, "login-form"),
    login((now) => ({ problems: [problem("login-failed", 70 * S)(now), problem("desupported", MIN)(now)] })),
    mcpSuffers,
  ]),

  fault(
    "weekly-login-due",
    "noise",
    "midweek: the token is refused, the form is back",
    hanging(8 * MIN, "login-form", { autorestart: "found", sessions: 1, loginAttempts: 1 }),
  ),
  fault("broker-maintenance", "noise", "not available, as the text of a failed log-in", [
    hanging(40 * S, "authenticating"),
    login((now) => ({ problems: [problem("login-failed", 40 * S)(now), problem("not-available", 40 * S)(now)] })),
  ]),
  fault("too-many-attempts", "noise", "as the text of a failed log-in", [
    hanging(40 * S, "authenticating"),
    login((now) => ({ problems: [problem("login-failed", 40 * S)(now), problem("too-many-attempts", 40 * S, "Please wait 10 minutes")(now)] })),
  ]),
  fault("auto-logoff", "noise", "a clean end in a calm hour, MCP complains", [
    container((now) => ({ status: "exited", pid: null, exitCode: 0, finishedAt: now - 2 * MIN })),
    login((now) => ({ phase: "ended", phaseAt: now - 2 * MIN, problems: [problem("auto-logoff", 2 * MIN, "Gateway finished")(now)] })),
    apiIdle("not-running"),
    mcpSuffers,
  ]),
];
