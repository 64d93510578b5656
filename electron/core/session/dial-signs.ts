import type { ApiIdleReason, GatewayEvidence, LoginProblemKind, ProcessState } from "../diagnosis/evidence.ts";
import type { DialPermit } from "../may-dial.ts";

/** Others that connected after our last failure must have kept their connection so long (ms), with nobody waiting, to be a sign that it serves again. */
export const SERVED_MS = 10_000;
/** A look this old (ms) shows nothing of now. */
const OLD_LOOK_MS = 4_000;
const BY_SOCKETS: ReadonlySet<ApiIdleReason> = new Set(["queue-not-empty", "no-listener", "not-logged-in"]);

/** What, of all that can be seen without asking the API, makes a dial worth its place in the hour. */
export type DialSign =
  | "new start"
  | "link back"
  | "way opened"
  | "listener opened anew"
  | "process goes on"
  | "requests are read again"
  | "dialog closed"
  | "logged in"
  | "line to IBKR back"
  | "MCP connected"
  | "others served";

/** A dialog that closes so soon (ms) after our own attempt ended may have closed with it. */
const OUR_DIALOG_MS = 5_000;
const DIALOGS: readonly LoginProblemKind[] = ["accept-dialog-open", "paper-disclaimer-open", "write-access-dialog-open"];

interface Looked {
  readonly link: boolean;
  readonly start: string | null;
  readonly permit: DialPermit;
  readonly loggedIn: boolean | null;
  readonly brokerLine: boolean | null;
  readonly mcp: boolean | null;
  readonly listener: number | null;
  readonly java: ProcessState | null;
  /** One that keeps clients waiting is open. */
  readonly dialog: boolean | null;
}

/**
 * Tells when something really changed for the better. Only the edge is a sign, never a state that lasts, and what may flicker between two looks (a queue
 * that a healthy gateway empties in a moment, and that our own dial fills for one) has to be seen twice.
 */
export class DialSigns {
  private before: Looked | null = null;
  /** The queue was seen not empty by the looks of these moments. */
  private queued: { readonly first: number; readonly last: number } | null = null;
  /** Requests of others lay unread by the looks of these moments, while so many were connected. */
  private unread: { readonly first: number; readonly last: number; readonly established: number } | null = null;
  /** Connections of others at the API port, while we have none: as many were there before, and more since then. */
  private others: { readonly usual: number; readonly moreSince: number | null } | null = null;

  /** @param allowed what stands against a dial, by this evidence */
  take(evidence: GatewayEvidence, allowed: DialPermit, now: number): DialSign | null {
    const { before } = this;
    // Where the last look is old nothing stands against a dial, but nothing was seen to open either.
    const old = evidence.sockets !== null && now - evidence.sockets.at > OLD_LOOK_MS;
    const permit = allowed.ok && old && before !== null && !before.permit.ok && BY_SOCKETS.has(before.permit.reason) ? before.permit : allowed;
    const seen = look(evidence, permit);
    this.before = {
      ...seen,
      start: seen.start ?? before?.start ?? null,
      loggedIn: seen.loggedIn ?? before?.loggedIn ?? null,
      brokerLine: seen.brokerLine ?? before?.brokerLine ?? null,
      mcp: seen.mcp ?? before?.mcp ?? null,
      listener: seen.listener ?? before?.listener ?? null,
      java: seen.java ?? before?.java ?? null,
      dialog: seen.dialog ?? before?.dialog ?? null,
    };
    const read = this.readAgain(evidence);
    const served = this.othersServed(evidence, now);
    const opened = this.wayOpened(evidence, before, permit);
    if (before === null) return permit.ok ? "way opened" : null;
    if (!before.link && seen.link) return "link back";
    if (before.start !== null && seen.start !== null && before.start !== seen.start) return "new start";
    if (opened) return "way opened";
    if (before.listener !== null && seen.listener !== null && before.listener !== seen.listener) return "listener opened anew";
    if (before.java === "stopped" && seen.java === "running") return "process goes on";
    if (read) return "requests are read again";
    if (before.dialog === true && seen.dialog === false && now - (lastFailureAt(evidence) ?? 0) > OUR_DIALOG_MS) return "dialog closed";
    if (before.loggedIn === false && seen.loggedIn === true) return "logged in";
    if (before.brokerLine === false && seen.brokerLine === true) return "line to IBKR back";
    if (before.mcp === false && seen.mcp === true) return "MCP connected";
    return served ? "others served" : null;
  }

  private wayOpened(evidence: GatewayEvidence, before: Looked | null, permit: DialPermit): boolean {
    const lookedAt = evidence.sockets?.at ?? null;
    if (!permit.ok) {
      if (permit.reason !== "queue-not-empty") this.queued = null;
      else if (lookedAt !== null) this.queued = { first: this.queued?.first ?? lookedAt, last: lookedAt };
      return false;
    }
    const { queued } = this;
    this.queued = null;
    if (before === null || before.permit.ok) return false;
    return before.permit.reason !== "queue-not-empty" || (queued !== null && queued.last > queued.first);
  }

  /** What others had sent lay there for more than one look, and nobody left before it was read. */
  private readAgain({ sockets }: GatewayEvidence): boolean {
    if (sockets === null) return false;
    const { unread = 0, established } = sockets.value.api;
    const { unread: before } = this;
    if (unread > 0) {
      this.unread = { first: before?.first ?? sockets.at, last: sockets.at, established };
      return false;
    }
    this.unread = null;
    return before !== null && before.last > before.first && established >= before.established;
  }

  /** Clients that came since our last failure, were accepted and stay. */
  private othersServed({ api, gateway, sockets }: GatewayEvidence, now: number): boolean {
    const idleSince = lastFailureAt({ api });
    // While we are connected one of them is us; a look from before our end shows us still.
    if (idleSince === null || sockets === null || sockets.at <= idleSince) {
      this.others = null;
      return false;
    }
    const { established } = sockets.value.api;
    const queue = sockets.value.listeners.some((listener) => listener.port === gateway.ports.api && listener.queue > 0);
    const usual = Math.min(established, this.others?.usual ?? established);
    if (queue || established <= usual) {
      this.others = { usual, moreSince: null };
      return false;
    }
    const moreSince = this.others?.moreSince ?? sockets.at;
    const served = sockets.at - moreSince >= SERVED_MS && now - sockets.at < SERVED_MS;
    this.others = served ? { usual: established, moreSince: null } : { usual, moreSince };
    return served;
  }
}

/** While there is no connection of ours: when the last one ended. */
const lastFailureAt = ({ api }: Pick<GatewayEvidence, "api">) => (api?.value.kind === "idle" ? (api.value.last?.at ?? null) : null);

function look(evidence: GatewayEvidence, permit: DialPermit): Looked {
  const { container, login, mcp, processes, server, sockets } = evidence;
  const present = container?.value.kind === "present" && container.value.status === "running" ? container.value : null;
  const phase = login?.value.phase;
  const connected = mcp === null ? null : (mcp.value.gatewayStatus?.ibConnected ?? mcp.value.health?.ibConnected ?? null);
  return {
    link: server.link.value.kind === "up",
    start: present === null ? null : `${present.id} ${present.pid ?? ""}`,
    permit,
    loggedIn: phase === undefined ? null : phase === "logged-in" || phase === "configured",
    brokerLine: sockets === null ? null : sockets.value.brokerLines > 0,
    mcp: connected,
    listener: sockets?.value.api.listener ?? null,
    java: processes?.value.java ?? null,
    dialog: login === null ? null : login.value.problems.some(({ kind }) => DIALOGS.includes(kind)),
  };
}
