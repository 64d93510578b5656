import { DialError, type LinkFailure, type LinkFailureReason } from "../host-link.ts";
import { fingerprint, type HostKeyVerdict, keyType } from "./known-hosts.ts";
import type { ServerGreeting } from "./server-greeting.ts";
import { hopLabel, type SshHop } from "./ssh-hop.ts";

export type Stage = LinkFailure["stage"];

export interface HopFailure {
  readonly failure: LinkFailure;
  /** No further attempt before a person acts. */
  readonly final: boolean;
}

const SOCKET_CODES: Readonly<Record<string, readonly [LinkFailureReason, string]>> = {
  ENOTFOUND: ["name-not-found", "is not a name this computer can resolve"],
  EAI_AGAIN: ["name-not-found", "could not be resolved: no name server answered"],
  EAI_NONAME: ["name-not-found", "is not a name this computer can resolve"],
  ECONNREFUSED: ["refused", "refused the connection: nothing listens there"],
  EHOSTUNREACH: ["unreachable", "cannot be reached: no route to it"],
  ENETUNREACH: ["unreachable", "cannot be reached: this computer has no network to it"],
  EHOSTDOWN: ["unreachable", "cannot be reached: it seems to be off"],
  ENETDOWN: ["unreachable", "cannot be reached: this computer's network is down"],
  EADDRNOTAVAIL: ["unreachable", "cannot be reached from this address"],
  EACCES: ["unreachable", "cannot be reached: this computer forbids the connection"],
  ETIMEDOUT: ["timeout", "did not answer in time"],
};

/** node:net gives one error an address; the first with a code we know tells most. */
function socketCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("errors" in error && Array.isArray(error.errors)) {
    const codes = error.errors.map(socketCode).filter((code) => code !== null);
    return codes.find((code) => code === "ECONNREFUSED") ?? codes[0] ?? null;
  }
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What an error of ssh2 or of the socket means at this stage. Never repeats text that could carry a secret. */
export function describeHopError(hop: SshHop, stage: Stage, error: unknown, greeting: ServerGreeting): HopFailure {
  const label = hopLabel(hop);
  const retry = (reason: LinkFailureReason, at: Stage, message: string, details?: readonly string[]): HopFailure => ({
    failure: { reason, stage: at, message, details },
    final: false,
  });
  if (error instanceof DialError) return describeJumpError(hop, error);
  const code = socketCode(error);
  const known = code === null ? undefined : SOCKET_CODES[code];
  if (known && (stage === "resolve" || stage === "tcp")) {
    return retry(known[0], known[0] === "name-not-found" ? "resolve" : "tcp", `${known[0] === "name-not-found" ? hop.host : label} ${known[1]}.`);
  }
  const said = error instanceof Error ? error.message : "";
  if (/no matching/i.test(said)) return { failure: noCommonAlgorithm(hop, said, greeting), final: false };
  if (stage === "banner" && greeting.anything && greeting.version === null) return retry("not-ssh", "banner", notSsh(hop, greeting));
  if (stage === "auth" && /too many authentication failures/i.test(said)) {
    return {
      failure: {
        reason: "auth-failed",
        stage: "auth",
        message: `${label} ended the log-in of ${hop.user}: too many keys were offered (MaxAuthTries).`,
        details: ["Name the right key (IdentityFile) and set IdentitiesOnly yes, so that only it is offered."],
      },
      final: true,
    };
  }
  if (stage === "banner")
    return retry("lost", "banner", `${label} took the connection and closed it without a word (too many connections, or it is shutting down).`);
  return retry("lost", stage, `The connection to ${label} ended during ${stageName(stage)}.`);
}

export const notSsh = (hop: SshHop, greeting: ServerGreeting) => `What answers at ${hop.host}:${hop.port} is not an SSH server: it said “${greeting.opening}”.`;

/** A jump host opens the connection to the next one; its sshd tells why not. */
function describeJumpError(hop: SshHop, error: DialError): HopFailure {
  const reasons: Partial<Record<DialError["reason"], LinkFailureReason>> = {
    refused: "refused",
    unreachable: "unreachable",
    "name-not-found": "name-not-found",
    timeout: "timeout",
    "link-down": "lost",
  };
  const forbidden = error.reason === "forbidden";
  return {
    failure: {
      reason: forbidden ? "config" : (reasons[error.reason] ?? "unreachable"),
      stage: error.reason === "name-not-found" ? "resolve" : "tcp",
      message: `The jump host did not connect to ${hopLabel(hop)}. ${error.message}`,
    },
    final: false,
  };
}

export function describeTimeout(hop: SshHop, stage: Stage, greeting: ServerGreeting): HopFailure {
  const label = hopLabel(hop);
  if (stage === "banner" && greeting.anything) return { failure: { reason: "not-ssh", stage, message: notSsh(hop, greeting) }, final: false };
  const message: Partial<Record<Stage, string>> = {
    resolve: `${hop.host} was not resolved in time.`,
    tcp: `${label} did not answer: no connection within ${Math.round(hop.connectTimeoutMs / 1000)} s.`,
    banner: `${label} took the connection and then said nothing: its sshd is stuck or overloaded.`,
    "key-exchange": `${label} stopped answering during the key exchange.`,
    auth: `${label} stopped answering during the log-in.`,
  };
  return { failure: { reason: "timeout", stage, message: message[stage] ?? `${label} stopped answering.` }, final: false };
}

function noCommonAlgorithm(hop: SshHop, said: string, greeting: ServerGreeting): LinkFailure {
  const kind = /key exchange/i.test(said) ? "key exchange" : /host key/i.test(said) ? "host key type" : /cipher/i.test(said) ? "cipher" : "algorithm";
  const offered = greeting.keyExchanges;
  const postQuantum = kind === "key exchange" && offered.length > 0 && offered.every((name) => /mlkem|sntrup|kyber/.test(name));
  return {
    reason: "no-common-algorithm",
    stage: "key-exchange",
    message: postQuantum
      ? `${hopLabel(hop)} accepts post-quantum key exchanges only, and Gatelight has none.`
      : `${hopLabel(hop)} and Gatelight have no ${kind} in common.`,
    details:
      kind === "key exchange" && offered.length > 0
        ? [`The server offers: ${offered.join(", ")}.`, "Adding curve25519-sha256 to KexAlgorithms in its sshd_config lets Gatelight in."]
        : undefined,
  };
}

/** A key that must not be trusted. The place to look at is named; nothing offers to go on. */
export function describeBadKey(hop: SshHop, key: Buffer, verdict: Extract<HostKeyVerdict, { kind: "changed" | "revoked" }>): HopFailure {
  const shown = `Shown now: ${keyType(key)} ${fingerprint(key)}`;
  if (verdict.kind === "revoked") {
    return {
      failure: {
        reason: "host-key-revoked",
        stage: "host-key",
        message: `${hopLabel(hop)} shows a host key that is marked as revoked. Nothing was sent to it.`,
        details: [shown, `Revoked by ${verdict.by.file}, line ${verdict.by.line}.`],
      },
      final: true,
    };
  }
  return {
    failure: {
      reason: "host-key-changed",
      stage: "host-key",
      message: `${hopLabel(hop)} shows another host key than the known one. Someone may stand in between; nothing was sent to it.`,
      details: [shown, ...verdict.expected.map((entry) => `Known: ${entry.type} ${fingerprint(entry.key)} (${entry.file}, line ${entry.line})`)],
    },
    final: true,
  };
}

export function describeRefusal(hop: SshHop, accepted: readonly string[], offered: { agent: number; files: number }, notes: readonly string[]): LinkFailure {
  const tried = [
    offered.agent > 0 ? `${offered.agent} ${offered.agent === 1 ? "key" : "keys"} of the agent` : "",
    offered.files > 0 ? `${offered.files} key ${offered.files === 1 ? "file" : "files"}` : "",
  ].filter((part) => part !== "");
  return {
    reason: "auth-failed",
    stage: "auth",
    message: `${hopLabel(hop)} refused the log-in of ${hop.user}.`,
    details: [
      tried.length > 0 ? `Offered: ${tried.join(" and ")}.` : "No key was at hand to offer.",
      accepted.length > 0 ? `The server accepts: ${accepted.join(", ")}.` : "The server accepts no log-in method.",
      ...notes,
    ],
  };
}

function stageName(stage: Stage): string {
  switch (stage) {
    case "key-exchange":
      return "the key exchange";
    case "auth":
      return "the log-in";
    default:
      return "connecting";
  }
}
