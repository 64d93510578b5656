import { BEAT, type Clock } from "../../clock.ts";
import type { ContainerFact, GatewayTarget, McpFact } from "../../diagnosis/evidence.ts";
import type { HostLink } from "../../host-link/host-link.ts";
import { whenUp } from "../../host-link/when-up.ts";
import { mcpAddress } from "../routes.ts";
import { type HttpAnswer, HttpError, httpOverLink, KeptHttp } from "./http-client.ts";
import { parseGatewayStatus, parseHealth } from "./mcp-answers.ts";
import { callReadingTool } from "./mcp-call.ts";
import { healingArgv, parseHealing } from "./mcp-healing.ts";
import { detectKind, type Exchange, endSession, mcpPath } from "./mcp-kind.ts";

/** Where there is no health report, each question is a line of errors in somebody's log. */
const SELDOM_MS = 10_000;
const DEADLINE_MS = 5_000;
/** An answer this late is told before it is given up, and asked for a second time: within these bounds, by how long an answer usually takes. */
const LATE_MS = { least: 500, most: 1_300, usualTimes: 8 } as const;
const STATUS_MS = 30_000;
const HEALING_MS = 60_000;
/** The owner's kind answers a call within 30 s or says so (facts §6). */
const TOOL_MS = 35_000;
/** What may be posted to it: `/orders*` can trade and `/gateway/*` restarts the gateway behind our back. */
const POSTABLE: readonly string[] = ["/restart-workers"];

export interface McpProbePorts {
  readonly link: HostLink;
  readonly clock: Clock;
  readonly docker: string;
  readonly target: NonNullable<GatewayTarget["mcp"]>;
  /** Connections that wait for accept() at the API port; `null` where not known. */
  readonly queue: () => number | null;
  readonly clockSkewMs: () => number;
  readonly onFact: (fact: McpFact) => void;
}

export interface McpProbe {
  /** GET /health now, then every 2.5 s while the link is up (10 s where there is no such report). */
  start(): void;
  /** GET /health now; resolves when the fact is out. Never rejects. */
  lookNow(): Promise<void>;
  /** What inspect says of the MCP server's container. */
  noteContainer(container: ContainerFact): void;
  /** The gateway was restarted and not by us: was it this server? Reads the end of its log, at most once a minute. Never rejects. */
  askHealing(): Promise<void>;
  /** Calls one tool that only reads. Only when a person asks. Never rejects. */
  callTool(signal?: AbortSignal): Promise<{ ok: boolean; detail: string }>;
  /** POST for a repair. @throws HttpError; Error for a path that is not allowed or an answer other than 2xx */
  post(path: string, deadlineMs: number): Promise<string>;
  dispose(): void;
}

/** Looks at an MCP server from the outside. It never asks for anything that opens the gateway's API port while connections wait there. */
export function createMcpProbe(ports: McpProbePorts): McpProbe {
  const { link, clock, target } = ports;
  const address = mcpAddress(target.url);
  const path = mcpPath(target.url);
  let fact: McpFact = {
    http: "no-route",
    detail: "the MCP server's address cannot be read",
    serverKind: null,
    containerStatus: null,
    health: null,
    gatewayStatus: null,
    waitingSince: null,
    desync: false,
    healing: null,
  };
  let known = false;
  let disposed = false;
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  let unsubscribe: (() => void) | null = null;
  let statusAt = Number.NEGATIVE_INFINITY;
  let healingAt = Number.NEGATIVE_INFINITY;
  let startedAt: number | null = null;
  let detected = false;
  let usualMs: number | null = null;
  let calls = 0;

  const publish = (changes: Partial<McpFact>) => {
    fact = { ...fact, ...changes };
    if (known && !disposed) ports.onFact(fact);
  };
  const exchange: Exchange = (ask) => (address === null ? Promise.reject(new HttpError("refused", "no address")) : httpOverLink(link, clock, address, ask));
  const kept = address === null ? null : new KeptHttp(link, clock, address);
  const health = { method: "GET", path: "/health", headers: { Accept: "application/json" }, deadlineMs: DEADLINE_MS } as const;
  const get = (from: string) => exchange({ method: "GET", path: from, headers: { Accept: "application/json" }, deadlineMs: DEADLINE_MS });

  const look = async () => {
    if (link.state.kind !== "up" || disposed) return;
    if (address === null || target.url.startsWith("https:")) {
      known = true;
      publish({ http: "no-route", detail: address === null ? fact.detail : "https is not supported: give the http address that the server listens on" });
      return;
    }
    const changes = await healthNow();
    if (changes === null || disposed) return;
    known = true;
    publish(changes);
    if (fact.http === "ok") await more();
  };
  const lookNow = () => {
    running ??= look().finally(() => {
      running = null;
      arm();
    });
    return running;
  };
  const arm = () => {
    cancel?.();
    if (disposed) return;
    const seldom = fact.http === "ok" && fact.health === null;
    // Its report is answered from memory, over a channel that starts no process.
    cancel = clock.after(seldom ? SELDOM_MS : BEAT.ms, () => void lookNow(), BEAT.slackMs);
  };

  /** `null`: the link is at fault, the MCP server is not judged. */
  const healthNow = async (): Promise<Partial<McpFact> | null> => {
    try {
      return { ...healthChanges(await askedTwice()), waitingSince: null };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.fault === "link-down") return null;
      return { http: error.fault, detail: error.message, health: null, gatewayStatus: null, waitingSince: null };
    }
  };

  const timed = async (): Promise<HttpAnswer> => {
    const askedAt = clock.now();
    const answer = await (kept === null ? get("/health") : kept.ask(health));
    const took = clock.now() - askedAt;
    usualMs = ((usualMs ?? took) * 3 + took) / 4;
    return answer;
  };
  /** A late answer may be one slow look: a second question, asked meanwhile, tells it from a server that stands still. @throws HttpError of the first */
  const askedTwice = async (): Promise<HttpAnswer> => {
    const askedAt = clock.now();
    let endWait = () => {};
    const second = new Promise<HttpAnswer>((resolve) => {
      endWait = clock.after(lateMs(), () => {
        if (fact.http !== "ok") return;
        publish({ waitingSince: askedAt });
        // Its failure tells nothing that the first one's will not.
        timed().then(resolve, () => undefined);
      });
    });
    return Promise.race([timed(), second]).finally(endWait);
  };
  const lateMs = () => Math.min(LATE_MS.most, Math.max(LATE_MS.least, LATE_MS.usualTimes * (usualMs ?? LATE_MS.most)));

  /** What is asked for seldom, once the server answers at all. */
  const more = async () => {
    const { health } = fact;
    const queued = ports.queue();
    // It connects to the relay and drops the connection each time (facts §4.4): only where it can explain something, and never onto a queue.
    if (health?.ibConnected === false && queued === 0 && clock.now() - statusAt >= STATUS_MS) {
      statusAt = clock.now();
      const answer = await get("/gateway/status").catch(() => null);
      publish({ gatewayStatus: answer?.status === 200 ? parseGatewayStatus(answer.body) : null });
    }
    if (health === null && fact.serverKind === null && !detected) {
      detected = true;
      const peer = await detectKind(exchange, path, DEADLINE_MS).catch(() => null);
      const end = peer === null ? null : endSession(path, peer, DEADLINE_MS);
      if (end !== null) await exchange(end).catch(() => undefined);
      if (peer !== null) publish({ serverKind: peer.kind });
    }
  };

  const askHealing = async () => {
    const now = clock.now();
    if (target.container === null || now - healingAt < HEALING_MS || link.state.kind !== "up" || disposed) return;
    healingAt = now;
    const result = await link.exec(healingArgv(ports.docker, target.container), { deadlineMs: 10_000, maxBytes: MAX_LOG }).catch(() => null);
    if (result === null || result.code !== 0) return;
    const healing = parseHealing(`${result.stdout}\n${result.stderr}`, ports.clockSkewMs());
    if (healing !== null) publish({ healing });
  };

  return {
    start() {
      unsubscribe ??= whenUp(link, () => void lookNow());
      void lookNow();
    },
    lookNow,
    noteContainer(container) {
      const start = container.kind === "present" ? container.startedAt : null;
      // Another start may be another program.
      if (start !== startedAt && startedAt !== null) {
        detected = false;
        fact = { ...fact, serverKind: null, desync: false };
      }
      startedAt = start;
      publish({ containerStatus: container.kind === "present" ? container.status : "missing" });
    },
    askHealing,
    async callTool(signal) {
      try {
        const stoppable: Exchange = (ask) => {
          signal?.throwIfAborted();
          return exchange(ask);
        };
        const { ok, detail, kind, desync } = await callReadingTool(stoppable, path, fact.serverKind, `gatelight-${++calls}-${clock.now()}`, TOOL_MS);
        publish({ serverKind: kind, desync });
        return { ok, detail };
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    },
    async post(where, deadlineMs) {
      if (!POSTABLE.includes(where)) throw new Error(`${where} is never posted to`);
      const answer = await exchange({ method: "POST", path: where, headers: { Accept: "application/json" }, body: "", deadlineMs });
      if (answer.status < 200 || answer.status > 299) throw new Error(`${where} answered with HTTP ${answer.status}`);
      void lookNow();
      return answer.body.slice(0, 2_000);
    },
    dispose() {
      disposed = true;
      unsubscribe?.();
      cancel?.();
      cancel = null;
      kept?.close();
    },
  };
}

const MAX_LOG = 64 * 1024;

/** The owner's kind is known by what its health report holds; nothing is sent to find out. */
function healthChanges(answer: HttpAnswer): Partial<McpFact> {
  const health = answer.status === 200 && !answer.truncated ? parseHealth(answer.body) : null;
  if (health !== null) {
    const plain = health.breaker !== null && health.workers !== null;
    const kind = plain ? { serverKind: "plain" as const } : {};
    // With a healthy line the old status of the gateway says nothing any more.
    const status = health.ibConnected === false ? {} : { gatewayStatus: null };
    return { http: "ok", detail: `/health says ${health.status}`, health, ...kind, ...status };
  }
  // An MCP server need not have /health: that it answers is enough.
  if (answer.status === 200 || answer.status === 404 || answer.status === 405) return { http: "ok", detail: "answers, without a health report", health: null };
  return { http: "bad-status", detail: `/health answered with HTTP ${answer.status}`, health: null, gatewayStatus: null };
}
