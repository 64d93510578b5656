/** What the log of the container tells: the image's lines and IBC's. */

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
  /** launcher.log: when the log-in under way timed out without a word from IBKR; absent: not read, or not so. */
  readonly silentTimeoutAt?: number | null;
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
