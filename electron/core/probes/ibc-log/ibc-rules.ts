import type { LoginProblemKind } from "../../diagnosis/evidence.ts";
import type { IbcInstance } from "./ibc-instance.ts";

export interface RuleContext {
  /** By the server's clock. */
  readonly at: number;
  readonly text: string;
  readonly match: RegExpExecArray;
}
export interface Rule {
  readonly match: RegExp;
  readonly apply: (instance: IbcInstance, context: RuleContext) => void;
}

/** Frames whose title tells how far a log-in is; the splash changes its title as it goes. */
const PROGRESS = /^detected frame entitled: (?:Authenticating|Loading|Connecting to server|Starting application|Initializing)\b/;

/** IBC's exit codes 1100 … 1112, which the shell sees modulo 256 (ErrorCodes.java). */
export const EXIT_SECOND_FACTOR = 87;
export const EXIT_NO_LOGIN_WINDOW = 88;

/**
 * How a log-in goes on: texts of IBC 3.24 (java sources and ibcstart.sh) and of the image's run.sh (facts §1). Only the part of a text that has
 * been stable is matched.
 */
export const MILESTONES: readonly Rule[] = [
  { match: /^\.> Starting (?:Xvfb|VNC) server|^\.> VNC server disabled/, apply: (one, { at }) => one.phase === "none" && one.enter("boot", at) },
  { match: /^Starting IBC version /, apply: (one, { at }) => one.enter("ibc-start", at) },
  {
    match: /^autorestart file found at .*authentication will not be required/,
    apply: (one) => {
      one.autorestart = "found";
    },
  },
  {
    match: /^autorestart file not found/,
    apply: (one) => {
      one.autorestart = "not-found";
    },
  },
  {
    match: /^WARNING: More than one autorestart file/,
    apply: (one, { at, text }) => {
      one.autorestart = "several";
      one.problem("several-autorestart-files", at, text);
    },
  },
  { match: /^(?:Starting session: will exit if|Re-starting session)/, apply: (one, { at }) => one.beginSession(at) },
  { match: /^(?:Login dialog WINDOW_OPENED|Setting (?:API |FIX )?user name)/, apply: (one, { at }) => one.enter("login-form", at) },
  {
    match: /^Login attempt: \d+/,
    apply: (one, { at }) => {
      one.loginAttempts++;
      one.enter("login-form", at);
    },
  },
  { match: /^Click button: (?:Paper )?Log ?In\b/i, apply: (one, { at }) => one.enter("authenticating", at) },
  {
    match: /^\s*SecondFactorAuthenticationTimeout=(\d{1,5})\s*$/,
    apply: (one, { match }) => {
      one.secondFactorLimit = Number(match[1]) || one.secondFactorLimit;
    },
  },
  {
    match: /^Second Factor Authentication initiated/,
    apply: (one, { at }) => {
      one.secondFactor = { startedAt: at, state: "pending", limitSeconds: one.secondFactorLimit };
      one.enter("second-factor", at);
    },
  },
  {
    // Printed when the dialog closes: within the limit a person has answered, after it nobody has.
    match: /^Duration since login: (\d{1,9}) seconds/,
    apply: (one, { at, match }) => {
      const inTime = Number(match[1]) < one.secondFactorLimit;
      if (one.secondFactor !== null) one.secondFactor = { ...one.secondFactor, state: inTime ? "approved" : "missed-stuck" };
      if (inTime) one.enter("authenticating", at);
    },
  },
  {
    match: /^Re-login after second factor authentication timeout (not required|in)/,
    apply: (one, { at, text, match }) => {
      const startedAt = one.secondFactor?.startedAt ?? at;
      one.secondFactor = { startedAt, state: match[1] === "in" ? "missed-retries" : "missed-stuck", limitSeconds: one.secondFactorLimit };
      one.problem("second-factor-missed", at, text);
    },
  },
  {
    match: PROGRESS,
    apply: (one, { at, text }) => {
      if (/Starting application\.\.\.; event=Closed/.test(text)) one.loggedIn(at);
      else if (one.phase === "login-form" || one.phase === "session") one.enter("authenticating", at);
      else one.lastProgressAt = at;
    },
  },
  {
    match: /^(?:Found Gateway main window|Got main window|Getting config dialog|Performing port configuration)/,
    apply: (one, { at }) => {
      one.lastProgressAt = at;
    },
  },
  { match: /^Login has completed\s*$/, apply: (one, { at }) => one.loggedIn(at) },
  { match: /^Configuration tasks completed/, apply: (one, { at }) => one.enter("configured", at) },
  {
    match: /^TWS API socket port (?:is already|now) set to (\d{1,5})/,
    apply: (one, { match }) => {
      one.apiPort = Number(match[1]);
    },
  },
  {
    match: /^Read-Only API checkbox is (?:already|now) set to: (true|false)/,
    apply: (one, { match }) => {
      one.readOnlyApi = match[1] === "true";
    },
  },
  {
    match: /^CommandServer is not started because the port is not configured/,
    apply: (one) => {
      one.commandServer = "off";
    },
  },
  {
    match: /^CommandServer listening on address(?:es)?: .*?port: (\d{1,5})\s*$/,
    apply: (one, { match }) => {
      one.commandServer = { port: Number(match[1]) };
    },
  },
  {
    match: /^CommandServer received command: (?:STOP|PAUSE|RESTART)\b/i,
    apply: (one) => {
      one.endExpected = true;
    },
  },
  {
    // A frame or a dialog, by version; the token restart that asks for no second factor.
    match: /^detected (?:dialog|frame) entitled: .*Restart in progress.*; event=Opened/,
    apply: (one, { at }) => {
      one.endExpected = true;
      one.enter("restarting", at);
    },
  },
  {
    match: /^(?:Exiting after error with exit code=(\d{1,6}))/,
    apply: (one, { at, match }) => {
      if (one.exit === null) one.exit = { code: Number(match[1]) % 256, at, willRestart: false };
    },
  },
  {
    match: /^IBC returned exit status (\d{1,3})/,
    apply: (one, { at, text, match }) => {
      const code = Number(match[1]);
      one.ended(code, at);
      if (code === EXIT_SECOND_FACTOR) one.problemIfNew("second-factor-missed", at, text);
      if (code === EXIT_NO_LOGIN_WINDOW) one.problemIfNew("login-window-missing", at, text);
      if (code === EXIT_SECOND_FACTOR && one.secondFactor !== null) one.secondFactor = { ...one.secondFactor, state: "missed-stuck" };
    },
  },
  {
    match: /^IBC will (?:cold-)?restart shortly/,
    apply: (one, { at, text }) => {
      if (one.exit !== null) one.exit = { ...one.exit, willRestart: true };
      if (one.exit?.code === EXIT_SECOND_FACTOR && one.secondFactor !== null) one.secondFactor = { ...one.secondFactor, state: "missed-retries" };
      if (/cold-restart/.test(text)) one.problemIfNew("cold-restart", at, text);
      one.enter("restarting", at);
    },
  },
  { match: /^IBC is paused/, apply: (one, { at }) => one.enter("paused", at) },
  {
    match: /^(?:Gateway|TWS) finished\s*$/,
    apply: (one, { at, text }) => {
      // A clean end of a session that was logged in, which nobody asked for and after which no autorestart file lies there.
      const cleanEnd = one.exit?.code === 0 && one.wasLoggedIn && !one.endExpected && one.autorestart !== "found";
      if (cleanEnd) one.problem("auto-logoff", at, text);
      if (one.phase !== "paused") one.enter("ended", at);
    },
  },
  {
    match: /Received SIGINT or SIGTERM/,
    apply: (one, { at }) => {
      one.endExpected = true;
      one.enter("ended", at);
    },
  },
];

const problem = (kind: LoginProblemKind, match: RegExp): Rule => ({ match, apply: (one, { at, text }) => one.problem(kind, at, text) });

/** What goes wrong. Several may match one line. */
export const PROBLEMS: readonly Rule[] = [
  problem("login-failed", /^Login failed\s*$/),
  {
    match: /^Login error message:/,
    apply: (one, { at, text }) => {
      one.problem("login-failed", at, text);
      // The dialog's texts follow on lines without a stamp.
      one.errorTextUntil = at + 2000;
    },
  },
  problem("wrong-password", /unrecognized user\s?name or password|invalid user\s?name or password|user\s?name or password (?:is|was) (?:incorrect|invalid)/i),
  problem(
    "too-many-attempts",
    /too many (?:failed|unsuccessful) log-?\s?in attempts|\b(?:account|user|you)\b.{0,20} (?:is|are|was|been) (?:\w+ ){0,2}locked\b/i,
  ),
  problem("second-factor-device", /^(?:You should specify the required second factor device|could not find second factor device)/),
  problem("second-factor-missed", /login has not completed after Second Factor Authentication/),
  problem("existing-session", /\(scenario [1-6]\)/),
  problem("relogin-required", /^Re-login to session/),
  problem("trading-login-handoff", /^Trading Login Handoff dialog;/),
  problem("not-available", /The system is not currently available/),
  problem("connection-failed", /^Connection to server failed/),
  problem("cold-restart", /^Cold restart in progress/),
  problem("login-window-missing", /failed to display login dialog/),
  problem("xvfb-failed", /Timed out waiting for Xvfb socket|XOpenDisplay\(".*"\) failed|Can't connect to X11 window server/),
  problem("out-of-memory", /OutOfMemoryError/),
  problem("relay-not-a-file", /run_socat\.sh.*Is a directory/),
  problem("desupported", /desupported|needs to be upgraded|version .{0,60}is no longer supported/i),
];
