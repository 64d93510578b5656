import type { Duplex } from "node:stream";

/** The only door to the server. Two makers: `ssh` and `local`; nothing else knows SSH exists. */
export interface HostLink {
  readonly kind: "ssh" | "local";
  readonly state: LinkState;
  /** Called on every change of state. @returns an unsubscribe function */
  onState(listener: (state: LinkState) => void): () => void;
  start(): void;
  /**
   * Drops the back-off and tries now: resume, network change, a click. While up the connection is only looked at with a fresh ping, unless
   * `force` is set. `byItself`: no person asked for it, so a link that waits for one (state `failed` or `needs-user`) stays as it is.
   */
  reconnectNow(reason: string, options?: { force?: boolean; byItself?: boolean }): void;
  /** A person is waiting for this link: a dead peer is noticed within 3 s instead of 15 s. @returns a function that ends the hurry */
  hurry(): () => void;
  /** Since when the server has owed an answer without a single byte from it (ms since the epoch); `null`: it owes none, or the link is not up. */
  readonly quietSince: number | null;
  /** Asks for a sign of life now: the SSH server gives it itself, whatever its programs are busy with. */
  ping(): void;
  /**
   * A TCP connection opened from the server.
   * @throws DialError within the deadline, whatever hangs
   */
  dial(address: HostAddress, options: CallOptions): Promise<Duplex>;
  /**
   * Runs a program on the server and waits for its end. The argument list is quoted in one place.
   * @throws ExecError within the deadline; a program that ends with a code other than 0 does not throw
   */
  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /**
   * A long-lived program on the server, one text line at a time (UTF-8, at most 64 KiB a line, longer ones are cut).
   * @throws ExecError if it cannot be started within the deadline
   */
  stream(argv: readonly string[], options: StreamOptions): Promise<LineStream>;
  /** Ends everything that was opened through this link. */
  dispose(): Promise<void>;
}

export interface HostAddress {
  /** Name or address as the server sees it. */
  readonly host: string;
  readonly port: number;
}

export interface CallOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}
export interface ExecOptions extends CallOptions {
  readonly stdin?: string;
  /** Of each output; what exceeds it is cut and `truncated` set. Default 1 MiB. */
  readonly maxBytes?: number;
}
export interface ExecResult {
  /** `null` when ended by a signal. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}
export interface StreamOptions extends CallOptions {
  readonly onLine: (line: string, source: "stdout" | "stderr") => void;
  /** Called once, also when the link is lost or `close` was called. */
  readonly onEnd: (end: StreamEnd) => void;
  /** In a process group of its own, so that what ends Gatelight (Ctrl+C) does not end it: sshd gives every program one, on this machine it is asked for. */
  readonly apart?: boolean;
}
export interface StreamEnd {
  readonly code: number | null;
  readonly reason: "exit" | "link-lost" | "closed";
}
export interface LineStream {
  /** Writes one line to the program's standard input (a newline is added). */
  write(line: string): void;
  close(): void;
}

export type LinkState =
  | { readonly kind: "off" }
  | { readonly kind: "connecting"; readonly attempt: number; readonly since: number }
  | { readonly kind: "up"; readonly since: number; readonly latencyMs: number | null }
  /** Waiting for a person: an unknown host key, a passphrase, a password. The prompt itself is in the prompt broker. */
  | { readonly kind: "needs-user"; readonly since: number; readonly failure: LinkFailure }
  /** Another attempt follows at `until` (ms since the epoch). */
  | { readonly kind: "waiting"; readonly until: number; readonly attempt: number; readonly failure: LinkFailure }
  /** No further attempt before a person acts. */
  | { readonly kind: "failed"; readonly since: number; readonly failure: LinkFailure };

export type LinkFailureReason =
  | "name-not-found"
  | "unreachable"
  | "refused"
  | "timeout"
  | "not-ssh"
  | "no-common-algorithm"
  | "auth-failed"
  | "host-key-unknown"
  | "host-key-changed"
  | "host-key-revoked"
  /** The connection was up and then nothing was heard any more (half-open). */
  | "silent"
  | "lost"
  | "config";

export interface LinkFailure {
  readonly reason: LinkFailureReason;
  readonly stage: "config" | "resolve" | "tcp" | "banner" | "key-exchange" | "host-key" | "auth" | "alive";
  /** One plain sentence that names host and stage; never a secret. */
  readonly message: string;
  /** Further lines a person can act on, e.g. both fingerprints and the known_hosts line. */
  readonly details?: readonly string[];
}

export type DialReason = "link-down" | "forbidden" | "refused" | "unreachable" | "name-not-found" | "timeout" | "aborted" | "other";
export class DialError extends Error {
  override readonly name = "DialError";
  readonly reason: DialReason;
  constructor(reason: DialReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type ExecReason = "link-down" | "not-found" | "forbidden" | "timeout" | "aborted" | "other";
export class ExecError extends Error {
  override readonly name = "ExecError";
  readonly reason: ExecReason;
  constructor(reason: ExecReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
