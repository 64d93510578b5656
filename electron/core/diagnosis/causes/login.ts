import { type Cause, certain, likely, possible } from "../cause.ts";
import type { LoginPhase, LoginProblem } from "../evidence.ts";
import { BOOT_BUDGET_MS, type Look } from "../look.ts";
import { coarse, duration, plural, redact } from "../text.ts";

/** From the container's start to "Login has completed": rows 10 to 14 and 18 to 21. */

const LINE = (look: Look, problem: LoginProblem) => `The log says, ${coarse(look.now - problem.at)} ago: “${redact(problem.text)}”`;
const BEFORE_LOGIN: readonly LoginPhase[] = ["none", "boot", "ibc-start", "session", "login-form", "second-factor", "authenticating", "restarting"];
/** Lines to IBKR that are there so long after a log-in was taken over are no longer those from before. */
const BACK_MS = 15_000;

/** The log-in is under way or has failed; nothing proves the opposite. */
export function notLoggedIn(look: Look): boolean {
  return look.linkUp && look.login !== null && !look.loggedIn && !look.answering;
}
/** Time since the last sign of a log-in going on: a line of progress, the phase's beginning or the container's start. */
export function quietMs(look: Look): number {
  const login = look.login;
  const started = look.uptimeMs === null ? Number.NEGATIVE_INFINITY : look.now - look.uptimeMs;
  const last = Math.max(login?.lastProgressAt ?? Number.NEGATIVE_INFINITY, login?.phaseAt ?? Number.NEGATIVE_INFINITY, started);
  return Number.isFinite(last) ? Math.max(0, look.now - last) : 0;
}
const exitedWith = (look: Look, code: number) => look.present?.status === "exited" && look.present.exitCode === code;
const sawExit = (look: Look, code: number) => look.login?.exits.some((exit) => exit.code === code && look.now - exit.at < 30 * 60_000) ?? false;

export const LOGIN_CAUSES: readonly Cause[] = [
  {
    id: "xvfb-dead",
    row: 12,
    light: "login",
    state: "down",
    word: "no display",
    title: "The gateway's display (Xvfb) is dead",
    repairs: ["recreate-container"],
    requires: "no Xvfb process or X socket after the first half minute, or the log's complaint about the display",
    ruledOutBy: "Xvfb runs (then only VNC may be at fault: vnc-died)",
    decides: "ps in the container: is Xvfb there? VNC refused and Java dying together point here.",
    beats: ["login-window-missing", "vnc-died", "booting", "vnc-black"],
    rivals: ["vnc-died"],
    when: (look) => {
      if (look.answering || look.loggedIn) return null;
      const said = look.problem("xvfb-failed");
      const young = look.uptimeMs !== null && look.uptimeMs < 30_000;
      const gone = look.processes !== null && (look.processes.xvfb === "absent" || look.processes.xvfb === "zombie");
      const process = gone ? ["No Xvfb process runs in the container."] : [];
      if (said !== null && look.processes?.xvfb !== "running") return certain([LINE(look, said), ...process]);
      if (said !== null && look.sockets?.xServer === false) return likely([LINE(look, said), "No X server listens."]);
      if (gone && !young && look.running !== null) return certain(process);
      if (look.sockets?.xServer === false && look.processes === null && !young && look.running !== null)
        return likely(["No X server listens in the container."]);
      return null;
    },
  },
  {
    id: "login-window-missing",
    row: 11,
    light: "login",
    state: "down",
    word: "no window",
    title: "The gateway's log-in window never appeared",
    repairs: ["restart-container", "recreate-container", "pull-image"],
    requires: "IBC's own words or exit status 88",
    ruledOutBy: "a log-in form was seen later",
    decides: "Heap size and file limits of the container (JAVA_HEAP_SIZE, ulimit nofile), image for the right processor.",
    beats: ["booting"],
    rivals: ["xvfb-dead", "container-exited", "restart-loop"],
    when: (look) => {
      if (look.answering || look.loggedIn) return null;
      const said = look.problem("login-window-missing");
      if (said !== null) return certain([LINE(look, said)]);
      if (exitedWith(look, 88)) return likely(["The container ended with exit code 88: the log-in window never appeared."]);
      const before = look.login?.earlier.findLast((problem) => problem.kind === "login-window-missing") ?? null;
      if (before !== null && notLoggedIn(look)) return likely([LINE(look, before), "It has been trying again since."]);
      if (sawExit(look, 88) && notLoggedIn(look)) return likely(["IBC ended with status 88 before: the log-in window never appeared."]);
      return null;
    },
  },
  {
    id: "too-many-attempts",
    row: 14,
    light: "login",
    state: "down",
    word: "locked out",
    title: "IBKR makes the gateway wait after too many failed log-ins",
    repairs: ["wait"],
    requires: "“Too many failed login attempts” in the newest session",
    ruledOutBy: "a completed log-in since",
    decides: null,
    beats: ["wrong-password", "booting", "broker-lockout"],
    rivals: ["wrong-password", "container-exited", "restart-loop"],
    when: (look) => {
      const said = look.problem("too-many-attempts");
      if (said === null || look.answering || look.loggedIn) return null;
      const minutes = /wait (\d{1,4}) ?(second|minute)/i.exec(said.text);
      const wait = minutes === null ? null : Number(minutes[1]) * (minutes[2]?.toLowerCase() === "minute" ? 60_000 : 1000);
      return certain([LINE(look, said), `${plural(look.login?.loginAttempts ?? 0, "log-in attempt")} since the start.`], {
        endsAt: wait === null ? null : said.at + wait,
      });
    },
  },
  {
    id: "wrong-password",
    row: 13,
    light: "login",
    state: "down",
    word: "log-in failed",
    title: "IBKR refuses the user name or password",
    repairs: ["stop-and-start", "recreate-container"],
    requires: "“Login failed” or the log-in error's text in the newest session",
    ruledOutBy: "a second factor was asked for afterwards, or a completed log-in",
    decides: "The same password in IBKR's portal. Stop retries first: each one nears the lock-out.",
    beats: ["booting", "cold-restart-loop"],
    rivals: ["container-exited", "restart-loop", "too-many-attempts"],
    when: (look) => {
      if (look.answering || look.loggedIn) return null;
      const said = look.problem("wrong-password");
      const attempts = look.login?.loginAttempts ?? 0;
      const tries = attempts > 0 ? [`${plural(attempts, "log-in attempt")} so far.`] : [];
      if (said !== null) return certain([LINE(look, said), ...tries]);
      // Every error dialog of the log-in says “failed”; what it says beyond that decides.
      const specific = look.login?.problems.some((problem) => problem.kind !== "login-failed" && problem.kind !== "cold-restart") ?? false;
      const failedLogin = specific ? null : look.problem("login-failed");
      if (failedLogin !== null && look.login?.secondFactor == null) return likely([LINE(look, failedLogin), ...tries]);
      const before = look.login?.earlier.findLast((problem) => problem.kind === "wrong-password") ?? null;
      return before !== null && notLoggedIn(look) && look.login?.secondFactor == null ? likely([LINE(look, before), ...tries]) : null;
    },
  },
  {
    id: "password-expired",
    row: 18,
    light: "login",
    state: "down",
    word: "password",
    title: "IBKR wants the password changed",
    repairs: ["open-api-settings", "stop-and-start"],
    requires: "the dialog “Password Notice”",
    ruledOutBy: "no such dialog in the newest session",
    decides: "The dialog's text on the gateway's screen: expired already, or only soon?",
    beats: ["wrong-password", "booting"],
    when: (look) => {
      const said = look.problem("password-notice");
      if (said === null) return null;
      return look.answering || look.loggedIn
        ? certain([LINE(look, said)], { state: "degraded", title: "IBKR announces that the password must be changed" })
        : certain([LINE(look, said)]);
    },
  },
  {
    id: "build-desupported",
    row: 47,
    light: "login",
    state: "down",
    word: "too old",
    title: "IBKR no longer supports this gateway version",
    repairs: ["pull-image"],
    requires: "the notice that the version needs to be upgraded",
    ruledOutBy: "no such notice in the newest session",
    decides: "The version in the log against IBKR's current stable one.",
    beats: ["booting", "wrong-password", "login-window-missing", "unexplained"],
    rivals: ["container-exited", "restart-loop"],
    when: (look) => {
      const said = look.problem("desupported");
      if (said === null) return null;
      const version = look.login?.version.gateway == null ? [] : [`Gateway version ${look.login.version.gateway}.`];
      return look.answering || look.loggedIn
        ? certain([LINE(look, said), ...version], { state: "degraded", title: "IBKR will soon stop supporting this gateway version" })
        : certain([LINE(look, said), ...version]);
    },
  },
  {
    id: "existing-session",
    row: 19,
    light: "login",
    state: "down",
    word: "other session",
    title: "Another session of this user is logged in",
    repairs: ["wait", "restart-soft", "restart-container"],
    requires: "the dialog “Existing session detected”, and no completed log-in since",
    ruledOutBy: "a completed log-in since",
    decides: "TWS, the phone app and other gateways of the same user: log the other out.",
    beats: ["booting", "kicked-out"],
    rivals: ["kicked-out", "broker-lockout"],
    when: (look) => {
      const said = look.problem("existing-session");
      if (said === null || look.answering || look.loggedIn) return null;
      return certain([LINE(look, said)]);
    },
  },
  {
    id: "kicked-out",
    row: 20,
    light: "broker",
    state: "down",
    word: "kicked out",
    title: "Another log-in has taken over the session",
    repairs: ["wait", "reconnect-account", "restart-soft"],
    requires: "“Re-login is required” or the hand-off dialog, or notice 10197 together with a lost line",
    ruledOutBy: "the line to IBKR is up and no such words",
    decides: "Is TWS or the phone app logged in with the same user?",
    beats: ["broker-unreachable", "booting", "gateway-hung"],
    rivals: ["broker-unreachable", "existing-session"],
    when: (look) => {
      const said = look.problem("relogin-required", "trading-login-handoff");
      const lineDown = look.broker?.line === "down";
      const competing = look.broker?.notices.find((notice) => notice.code === 10197 && look.now - notice.at < 10 * 60_000) ?? null;
      const code = lineDown && look.broker?.code != null ? [`The gateway reported ${look.broker.code}, ${coarse(look.now - look.broker.since)} ago.`] : [];
      // IBC logs in again by itself. An answering API with its line up is the proof that it worked, or a line to IBKR where nobody speaks against it.
      const proven = look.answering && look.broker?.line === "up" && said !== null && (look.broker.since > said.at || look.now - said.at > 60_000);
      const lines = said !== null && !lineDown && (look.sockets?.brokerLines ?? 0) > 0 && look.now - said.at > BACK_MS;
      const over = proven || lines;
      if (said !== null && !over) {
        return certain([LINE(look, said), ...code], look.answering || look.loggedIn ? {} : { light: "login" });
      }
      if (competing !== null && lineDown) return likely([`Notice 10197, ${coarse(look.now - competing.at)} ago: another session competes.`, ...code]);
      if (competing !== null && look.answering) {
        return likely([`Notice 10197, ${coarse(look.now - competing.at)} ago: market data goes to another session of this user.`], {
          state: "degraded",
          word: "competing",
          title: "Another session of this user takes the market data",
        });
      }
      return null;
    },
  },
  {
    id: "broker-lockout",
    row: 21,
    light: "login",
    state: "down",
    word: "no reply",
    title: "IBKR silently keeps this user from logging in",
    repairs: ["wait", "restart-container"],
    requires:
      "a log-in that launcher.log says timed out unanswered, or that spins at “Connecting to server…” or “Authenticating…” for two minutes or more, without an error dialog",
    ruledOutBy: "an error or second-factor dialog; IBKR's maintenance hours; “Connection to server failed”",
    decides: "launcher.log: “AuthTimeoutMonitor-CCP: Timeout!” without “NS_AUTH_START”. One log-in with IBKR Mobile frees the slot.",
    beats: ["booting"],
    rivals: ["broker-maintenance", "broker-unreachable", "booting"],
    when: (look) => {
      const login = look.login;
      if (login === null || !notLoggedIn(look) || look.running === null || login.phase !== "authenticating" || look.calendar.window !== null) return null;
      if (login.problems.some((problem) => problem.kind !== "existing-session") || login.secondFactor?.state === "pending") return null;
      const quiet = quietMs(look);
      const because = [`The log-in has been at “authenticating” for ${duration(quiet)} without an error; ${plural(login.loginAttempts, "attempt")} so far.`];
      const timedOut = login.silentTimeoutAt ?? null;
      if (timedOut !== null)
        return certain([`launcher.log says, ${coarse(look.now - timedOut)} ago, that the log-in timed out before IBKR began to answer it.`, ...because]);
      if (quiet < 120_000) return null;
      return quiet > 180_000 || login.loginAttempts >= 2 ? likely(because) : possible(because);
    },
  },
  {
    id: "booting",
    row: 10,
    light: "login",
    state: "connecting",
    word: "starting",
    title: "The gateway is starting",
    repairs: ["wait"],
    requires: "the container or the gateway in it started less than five minutes ago and the log-in goes on",
    ruledOutBy: "an API that answers; a log-in problem that explains the delay; no progress for minutes",
    decides: "A little patience: a start takes 60 to 90 s.",
    when: (look) => {
      if (look.answering || look.running === null) return null;
      const login = look.login;
      const uptime = look.uptimeMs ?? 0;
      if (look.loggedIn) {
        const since = look.loggedInForMs ?? Number.POSITIVE_INFINITY;
        const noListener = look.sockets !== null && look.apiListeners.length === 0;
        // One that worked since has closed its port again: that is no start.
        const worked = look.evidence.history.lastGood !== null && look.now - look.evidence.history.lastGood.at < since;
        if (since < 60_000 && noListener && !worked)
          return likely([`Logged in ${coarse(since)} ago; the API port is not open yet.`], { light: "socket", endsAt: look.now - since + 90_000 });
        return null;
      }
      const phase = login?.phase ?? "none";
      if (!BEFORE_LOGIN.includes(phase)) return null;
      const begun = phase === "restarting" || (login?.sessions ?? 0) > 1 ? Math.min(uptime, quietMs(look)) : uptime;
      const words = [`Started ${coarse(begun)} ago; the log-in is at “${PHASE_WORDS[phase]}”.`];
      if (login === null && uptime > BOOT_BUDGET_MS) return null;
      if (begun <= BOOT_BUDGET_MS) return (login === null ? likely : certain)(words, { endsAt: Math.max(look.now - begun + 90_000, look.now + 10_000) });
      if (look.login?.truncated === true && phase === "none") return null;
      return possible([`Started ${duration(begun)} ago and still at “${PHASE_WORDS[phase]}”: far longer than the usual 60 to 90 s.`], {
        state: "down",
        word: "late",
        title: "The gateway takes far too long to start",
      });
    },
  },
];

export const PHASE_WORDS: Readonly<Record<LoginPhase, string>> = {
  none: "no line yet",
  boot: "container boots",
  "ibc-start": "IBC starts",
  session: "gateway starts",
  "login-form": "log-in form",
  "second-factor": "second factor",
  authenticating: "authenticating",
  "logged-in": "logged in",
  configured: "logged in",
  restarting: "restarting",
  paused: "paused",
  ended: "ended",
};
