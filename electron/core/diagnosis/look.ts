import type { LinkFailure, LinkState } from "../host-link/host-link.ts";
import { type CalendarDay, calendarAt } from "./calendar.ts";
import type {
  AccountFact,
  ApiFact,
  ApiFailure,
  BrokerFact,
  ContainerFact,
  DockerFact,
  GatewayEvidence,
  Listener,
  LoginFact,
  LoginProblem,
  LoginProblemKind,
  Maybe,
  McpFact,
  PresentContainer,
  ProcessesFact,
  RouteFact,
  ScreenFact,
  SocketsFact,
} from "./evidence.ts";
import { lineQuietMs, wasLinesSilence } from "./line.ts";

/** An answer older than this proves nothing about now. */
export const FRESH_ANSWER_MS = 6_000;
/** A session that owes an answer for so long is silent, not slow. */
export const SILENT_ANSWER_MS = 16_000;
/** Older facts of the probes are memories, not proof. Docker is asked once a minute and at each of its events. */
export const MAX_AGE_MS = { docker: 150_000, container: 150_000, sockets: 30_000, processes: 90_000, screen: 300_000, mcp: 60_000 } as const;
/** A gateway may take this long from start to log-in before it is late. */
export const BOOT_BUDGET_MS = 300_000;
/** Workers that lost the API look for it again within this time after it came back … */
const MCP_BACK_MS = 20_000;
/** … where it failed so recently. */
const MCP_FAILED_MS = 180_000;
/** A stack that has just started: its MCP server may still be on its way. */
const MCP_GRACE_MS = 60_000;
/** Java's default backlog of 50 holds 51 (measured). */
export const QUEUE_FULL = 51;
const FAILURE_MAX_AGE_MS = 20 * 60_000;
/** The log's stamps and Docker's are put on our clock only to within this. */
const SLACK_MS = 3_000;

/** The evidence as it may be used now: what is stale, of an earlier run or behind a lost link is `null`. */
export interface Look {
  readonly evidence: GatewayEvidence;
  readonly now: number;
  readonly link: LinkState;
  /** Up, and not suspected. */
  readonly linkUp: boolean;
  /** For how long a line that counts as up has been suspected of being dead; `null` when it is not. */
  readonly lineQuietMs: number | null;
  readonly linkFailure: LinkFailure | null;
  readonly docker: DockerFact | null;
  readonly container: ContainerFact | null;
  readonly present: PresentContainer | null;
  readonly running: PresentContainer | null;
  readonly uptimeMs: number | null;
  readonly login: LoginFact | null;
  /** By the log: "Login has completed" or later, and nothing after it. */
  readonly loggedIn: boolean;
  /** Since when the log says so. */
  readonly loggedInForMs: number | null;
  readonly sockets: SocketsFact | null;
  readonly processes: ProcessesFact | null;
  readonly route: RouteFact | null;
  readonly api: ApiFact | null;
  /** Ready, and an answer came within FRESH_ANSWER_MS. */
  readonly answering: boolean;
  /** How long a ready session has been owing an answer; `null` when it is not ready. */
  readonly answerAgeMs: number | null;
  /** The newest failure, as long as nothing since has overtaken it. */
  readonly failure: ApiFailure | null;
  readonly broker: BrokerFact | null;
  readonly account: AccountFact | null;
  readonly screen: ScreenFact | null;
  readonly mcp: McpFact | null;
  readonly calendar: CalendarDay;
  /** LISTEN rows at the API port; empty when none or not known (`sockets` tells). */
  readonly apiListeners: readonly Listener[];
  readonly relayListening: boolean;
  /** Connections that wait in the accept queue of the API port. */
  readonly queue: number;
  /** The queue is no blink: several looks, or further traces of clients that gave up. */
  readonly queueStuck: boolean;
  readonly problem: (...kinds: LoginProblemKind[]) => LoginProblem | null;
}

export function takeLook(evidence: GatewayEvidence, now: number): Look {
  const link = evidence.server.link.value;
  const quietMs = lineQuietMs(evidence.server, now);
  const linkUp = link.kind === "up" && quietMs === null;
  const fresh = <T>(fact: Maybe<T>, maxAge: number): T | null => (linkUp && fact !== null && now - fact.at <= maxAge ? fact.value : null);
  /** What was waited for in vain while the line itself was silent says nothing of what lies behind it. */
  const sure = <T>(fact: Maybe<T>, vain: (value: T) => boolean): Maybe<T> =>
    fact !== null && vain(fact.value) && wasLinesSilence(evidence.server, fact.at, now) ? null : fact;
  const docker = fresh(
    sure(evidence.server.docker, (value) => value.kind === "error"),
    MAX_AGE_MS.docker,
  );
  const container = fresh(evidence.container, MAX_AGE_MS.container);
  const present = container?.kind === "present" ? container : null;
  const running = present?.status === "running" ? present : null;
  const startedAt = present?.startedAt ?? null;
  const started = startedAt !== null && startedAt <= now + SLACK_MS ? startedAt : null;
  const alive = container === null || running !== null;
  const thisRun = <T>(fact: Maybe<T>): Maybe<T> => (fact !== null && started !== null && running !== null && fact.at < started - SLACK_MS ? null : fact);
  // The log is followed, not polled: a gateway that runs well writes nothing for hours, so its age proves nothing.
  const login = linkUp ? (thisRun(evidence.login)?.value ?? null) : null;
  const sockets = alive ? fresh(thisRun(evidence.sockets), MAX_AGE_MS.sockets) : null;
  const processes = alive ? fresh(thisRun(evidence.processes), MAX_AGE_MS.processes) : null;
  const api = linkUp ? (evidence.api?.value ?? null) : null;
  const answerAgeMs = api?.kind === "ready" ? Math.max(now - api.lastAnswerAt, api.waitingSince === null ? 0 : now - api.waitingSince) : null;
  // An answer from the future is no proof either: a clock has been set back.
  const answering = api?.kind === "ready" && answerAgeMs !== null && answerAgeMs <= FRESH_ANSWER_MS && api.lastAnswerAt - now <= FRESH_ANSWER_MS;
  const loggedIn = login !== null && alive && (login.phase === "logged-in" || login.phase === "configured");
  const loggedInForMs = loggedIn && login.phaseAt !== null ? Math.max(0, now - login.phaseAt) : null;
  const ended = currentFailure(api, now, started, loggedIn ? (login?.phaseAt ?? null) : null);
  const failure = ended !== null && UNANSWERED.includes(ended.kind) && wasLinesSilence(evidence.server, ended.at, now) ? null : ended;
  const apiListeners = sockets?.listeners.filter((row) => row.port === evidence.gateway.ports.api) ?? [];
  const queue = Math.max(0, ...apiListeners.map((row) => row.queue));
  const problems = login?.problems ?? [];
  return {
    evidence,
    now,
    link,
    linkUp,
    lineQuietMs: quietMs,
    linkFailure:
      link.kind === "waiting" || link.kind === "failed" || link.kind === "needs-user"
        ? link.failure
        : link.kind === "connecting"
          ? evidence.server.line.lastFailure
          : null,
    docker,
    container,
    present,
    running,
    uptimeMs: running !== null && started !== null ? Math.max(0, now - started) : null,
    login,
    loggedIn,
    loggedInForMs,
    sockets,
    processes,
    route: linkUp ? (evidence.route?.value ?? null) : null,
    api,
    answering,
    answerAgeMs,
    failure,
    // Notices live as long as the session that brought them.
    broker: api?.kind === "ready" ? (evidence.broker?.value ?? null) : null,
    account: api?.kind === "ready" ? (evidence.account?.value ?? null) : null,
    screen: fresh(
      sure(thisRun(evidence.screen), (value) => value.kind !== "answers" && value.kind !== "listens" && value.kind !== "wrong-service"),
      MAX_AGE_MS.screen,
    ),
    mcp:
      evidence.gateway.mcp === null
        ? null
        : fresh(
            sure(evidence.mcp, (value) => value.http !== "ok" && value.http !== "no-route"),
            MAX_AGE_MS.mcp,
          ),
    calendar: calendarAt(now, evidence.history.peer),
    apiListeners,
    relayListening: sockets?.listeners.some((row) => row.port === evidence.gateway.ports.relay) ?? false,
    queue,
    queueStuck: queue > 0 && sockets !== null && isStuck(queue, sockets, evidence, now, failure),
    problem: (...kinds) => problems.findLast((problem) => kinds.includes(problem.kind)) ?? null,
  };
}

/** A failure from before the start or the log-in says nothing about now; nor does one that retries have long forgotten. */
function currentFailure(api: ApiFact | null, now: number, startedAt: number | null, loggedInAt: number | null): ApiFailure | null {
  const last = api === null || api.kind === "ready" ? null : api.last;
  if (last === null || now - last.at > FAILURE_MAX_AGE_MS) return null;
  if (startedAt !== null && last.at < startedAt - SLACK_MS) return null;
  if (loggedInAt !== null && loggedInAt <= now + SLACK_MS && last.at < loggedInAt - SLACK_MS) return null;
  return last;
}

const UNANSWERED = ["silent", "closed-late", "went-silent", "dial-timeout", "start-unanswered"];

function isStuck(queue: number, sockets: SocketsFact, evidence: GatewayEvidence, now: number, failure: ApiFailure | null): boolean {
  if (queue >= 10 || sockets.api.closeWaitOrphans > 0 || sockets.api.synSent > 0) return true;
  if (failure !== null && UNANSWERED.includes(failure.kind)) return true;
  const recent = evidence.history.queue.filter((look) => look.at <= now && now - look.at < 60_000);
  const lastEmpty = recent.findLastIndex((look) => look.value === 0);
  const waiting = recent.slice(lastEmpty + 1);
  const [first] = waiting;
  const seenAt = evidence.sockets?.at ?? now;
  return first !== undefined && seenAt - first.at >= 2_000;
}

/** Where the relay sends to, by the log's own words; `null` where it does not tell. */
export function relayUpstream(look: Look): number | null {
  const relay = look.login?.relay ?? null;
  if (relay === null) return null;
  return relay.to === look.evidence.gateway.ports.relay ? relay.from : relay.to;
}

/** The gateway is so young, or its API back for so short a time, that its MCP server may not have found it yet. */
export function mcpGrace(look: Look): boolean {
  // A container that has ended looks for nothing.
  const ended = look.mcp !== null && ["exited", "dead", "missing"].includes(look.mcp.containerStatus ?? "");
  const backFor = look.api?.kind === "ready" ? look.now - look.api.since : Number.POSITIVE_INFINITY;
  const failedAt = look.evidence.history.apiFailures.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  if (!ended && backFor < MCP_BACK_MS && look.now - failedAt < MCP_FAILED_MS) return true;
  return Math.min(look.uptimeMs ?? Number.POSITIVE_INFINITY, look.loggedInForMs ?? Number.POSITIVE_INFINITY) < MCP_GRACE_MS;
}

/** Lost sessions leave their id behind until the gateway hears of their end. */
const GHOST_MS = 180_000;

/** A failure that is over in a moment by itself: the session was just closed, or its own forerunner, lost with the line, still holds its id. */
export function isPassing(look: Look): boolean {
  const { failure, now } = look;
  if (failure === null) return false;
  if (failure.kind === "closed" || failure.kind === "link-lost") return now - failure.at < 20_000;
  if (failure.kind !== "client-id-in-use" || now - failure.at > 30_000) return false;
  return look.evidence.history.apiFailures.some(
    (each) =>
      each.wasReady && each.clientId === failure.clientId && (each.kind === "link-lost" || each.kind === "went-silent") && failure.at - each.at < GHOST_MS,
  );
}

/** The failure is one of these. */
export function failed(look: Look, ...kinds: ApiFailure["kind"][]): ApiFailure | null {
  return look.failure !== null && kinds.includes(look.failure.kind) ? look.failure : null;
}

/** Exit codes of one who was told to end: by itself, by SIGINT, SIGTERM, and SIGKILL where it took too long. */
const TOLD_TO_END: ReadonlySet<number> = new Set([0, 130, 137, 143]);

/** Stopped while the account is left to others, as the hand-over to TWS does: no fault, and nothing that follows from it is one. */
export function isStoppedForOthers({ api, present, login }: Look): boolean {
  if (api?.kind !== "idle" || api.reason !== "released" || present === null || present.oomKilled) return false;
  if (present.status === "running") return login?.phase === "ended";
  return present.status === "exited" && TOLD_TO_END.has(present.exitCode ?? 0);
}
