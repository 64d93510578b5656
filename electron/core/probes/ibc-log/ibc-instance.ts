import type { LoginFact, LoginPhase, LoginProblem, LoginProblemKind } from "../../diagnosis/evidence.ts";

const MAX_PROBLEMS = 24;
const MAX_EARLIER = 60;
const MAX_EXITS = 30;
const MAX_DIALOGS = 32;
/** Of the container, not of one IBC session: a new session does not make them old. */
const OF_CONTAINER: readonly LoginProblemKind[] = ["xvfb-failed", "relay-not-a-file"];
/** What a completed log-in disproves. Open dialogs are disproved by their closing alone. */
const DISPROVED_BY_LOGIN: readonly LoginProblemKind[] = [
  "login-failed",
  "wrong-password",
  "too-many-attempts",
  "second-factor-device",
  "second-factor-missed",
  "password-notice",
  "existing-session",
  "relogin-required",
  "trading-login-handoff",
  "not-available",
  "connection-failed",
  "cold-restart",
  "login-window-missing",
  "xvfb-failed",
  "several-autorestart-files",
  "desupported",
];
/** IBC's default of SecondFactorAuthenticationTimeout, seconds. */
const SECOND_FACTOR_LIMIT = 180;

/** Mutable record of one gateway instance (one trading mode) as its log tells it. Times are the server's. */
export class IbcInstance {
  mode: "paper" | "live" | null = null;
  phase: LoginPhase = "none";
  phaseAt: number | null = null;
  lastProgressAt: number | null = null;
  sessions = 0;
  loginAttempts = 0;
  autorestart: LoginFact["autorestart"] = null;
  secondFactor: LoginFact["secondFactor"] = null;
  secondFactorLimit = SECOND_FACTOR_LIMIT;
  problems: LoginProblem[] = [];
  earlier: LoginProblem[] = [];
  readonly dialogs = new Map<string, { at: number; kinds: Set<LoginProblemKind> }>();
  commandServer: LoginFact["commandServer"] = null;
  apiPort: number | null = null;
  readOnlyApi: boolean | null = null;
  relay: LoginFact["relay"] = null;
  relayErrors: LoginFact["relayErrors"] = { refused: 0, timedOut: 0, lastAt: null };
  exit: LoginFact["exit"] = null;
  exits: { code: number | null; at: number }[] = [];
  /** The log-in of this session completed once. */
  wasLoggedIn = false;
  /** The end was asked for (STOP, SIGTERM, a planned restart): no auto-logoff then. */
  endExpected = false;
  /** Texts that follow `Login error message:` without a stamp of their own. */
  errorTextUntil: number | null = null;

  enter(phase: LoginPhase, at: number): void {
    this.lastProgressAt = at;
    if (this.phase === phase) return;
    this.phase = phase;
    this.phaseAt = at;
  }

  /** One of a kind a session: the newest text stands, at the end. */
  problem(kind: LoginProblemKind, at: number, text: string): void {
    this.problems = [...this.problems.filter((one) => one.kind !== kind), { kind, at, text: text.slice(0, 300) }].slice(-MAX_PROBLEMS);
  }

  problemIfNew(kind: LoginProblemKind, at: number, text: string): void {
    if (!this.problems.some((one) => one.kind === kind)) this.problem(kind, at, text);
  }

  clear(kinds: readonly LoginProblemKind[]): void {
    this.problems = this.problems.filter((one) => !kinds.includes(one.kind));
  }

  openDialog(title: string, at: number): void {
    if (this.dialogs.size >= MAX_DIALOGS) {
      const [oldest] = this.dialogs.keys();
      if (oldest !== undefined) this.closeDialog(oldest);
    }
    this.dialogs.delete(title);
    this.dialogs.set(title, { at, kinds: new Set() });
  }

  /** A problem that lasts as long as the window it stands in. */
  dialogProblem(title: string | null, kind: LoginProblemKind, at: number, text: string): void {
    this.problem(kind, at, text);
    const dialog = title === null ? [...this.dialogs.values()].at(-1) : this.dialogs.get(title);
    dialog?.kinds.add(kind);
  }

  closeDialog(title: string): void {
    const dialog = this.dialogs.get(title);
    this.dialogs.delete(title);
    if (dialog !== undefined) this.clear([...dialog.kinds]);
  }

  closeDialogs(titles: RegExp): void {
    for (const title of [...this.dialogs.keys()]) if (titles.test(title)) this.closeDialog(title);
  }

  /** The JVM is started anew, in a fresh container or in the same one. */
  beginSession(at: number): void {
    // The script that starts IBC looks for autorestart files before the session it speaks of.
    const kept = this.problems.filter(
      (one) => OF_CONTAINER.includes(one.kind) || (one.kind === "several-autorestart-files" && one.at > (this.exit?.at ?? 0) - 1),
    );
    const old = this.problems.filter((one) => !kept.includes(one));
    this.earlier = [...this.earlier, ...old].slice(-MAX_EARLIER);
    this.problems = kept;
    this.dialogs.clear();
    this.secondFactor = null;
    this.exit = null;
    this.wasLoggedIn = false;
    this.endExpected = false;
    this.errorTextUntil = null;
    this.enter("session", at);
    this.sessions++;
  }

  loggedIn(at: number): void {
    this.wasLoggedIn = true;
    this.clear(DISPROVED_BY_LOGIN);
    if (this.secondFactor !== null) this.secondFactor = { ...this.secondFactor, state: "approved" };
    if (this.phase !== "configured") this.enter("logged-in", at);
    else this.lastProgressAt = at;
  }

  ended(code: number | null, at: number): void {
    this.exit = { code, at, willRestart: false };
    this.exits = [...this.exits, { code, at }].slice(-MAX_EXITS);
    this.dialogs.clear();
    this.enter("ended", at);
  }
}
