import type {
  AccountFact,
  ApiFact,
  BrokerFact,
  ContainerFact,
  Fact,
  ForwardFact,
  GatewayEvidence,
  GatewayHistory,
  GatewayTarget,
  LoginFact,
  McpFact,
  ProcessesFact,
  RouteFact,
  ScreenFact,
  ServerEvidence,
  SocketsFact,
} from "./diagnosis/evidence.ts";
import { emptyHistory, noteBrokerCode, noteContainer, noteFailures, notePeer, noteQueue, noteReady, noteRepair } from "./gateway-history.ts";
import type { SessionReport } from "./session/session.ts";

/** What a probe may hand in; each fact carries the time at which it was seen. */
export interface GatewayFacts {
  readonly container?: Fact<ContainerFact>;
  readonly login?: Fact<LoginFact> | null;
  readonly sockets?: Fact<SocketsFact> | null;
  readonly processes?: Fact<ProcessesFact> | null;
  readonly route?: Fact<RouteFact>;
  readonly screen?: Fact<ScreenFact>;
  readonly mcp?: Fact<McpFact>;
  readonly peer?: string | null;
}

/** The latest facts of one gateway and their short history. It stores; it neither asks nor judges. */
export class GatewayFactBook {
  private facts: GatewayFacts = {};
  private api: Fact<ApiFact> | null = null;
  private broker: Fact<BrokerFact> | null = null;
  private account: Fact<AccountFact> | null = null;
  private history: GatewayHistory = emptyHistory();

  constructor(private readonly target: GatewayTarget) {}

  get current(): GatewayFacts {
    return this.facts;
  }

  take(facts: GatewayFacts): void {
    const before = this.facts.container?.value ?? null;
    this.facts = { ...this.facts, ...facts };
    const { container, sockets } = facts;
    if (container !== undefined) this.history = noteContainer(this.history, before, container.value, container.at);
    if (sockets != null) {
      const queue = sockets.value.listeners.filter((listener) => listener.port === this.target.ports.api).reduce((sum, listener) => sum + listener.queue, 0);
      this.history = noteQueue(this.history, queue, sockets.at);
    }
    if (facts.peer !== undefined) this.history = notePeer(this.history, facts.peer);
  }

  takeReport(report: SessionReport, now: number): void {
    this.api = { at: now, value: report.api };
    this.broker = report.broker === null ? null : { at: now, value: report.broker };
    this.account = report.account === null ? null : { at: now, value: report.account };
    this.history = noteFailures(this.history, report.failures);
    if (report.api.kind === "ready") this.history = noteReady(this.history, this.facts.container?.value ?? null, report.api.lastAnswerAt);
    if (report.broker !== null && report.broker.code !== null) this.history = noteBrokerCode(this.history, report.broker.code, report.broker.since);
  }

  takeScreen(change: (before: ScreenFact | null) => ScreenFact, now: number): void {
    this.facts = { ...this.facts, screen: { at: now, value: change(this.facts.screen?.value ?? null) } };
  }

  noteRepair(id: string, now: number): void {
    this.history = noteRepair(this.history, id, now);
  }

  evidence(server: ServerEvidence, forwards: readonly ForwardFact[], now: number): GatewayEvidence {
    const { container } = this.facts;
    const skew = server.clockSkewMs?.value ?? 0;
    const { login, sockets, processes, route, screen, mcp } = this.facts;
    return {
      server,
      gateway: this.target,
      container: container === undefined ? null : { at: container.at, value: onOurClock(container.value, skew) },
      login: login ?? null,
      sockets: sockets ?? null,
      processes: processes ?? null,
      route: route ?? null,
      api: this.api,
      broker: this.broker,
      account: this.account,
      screen: screen ?? null,
      mcp: mcp ?? null,
      forwards: { at: now, value: forwards },
      history: { ...this.history, starts: this.history.starts.map((start) => ({ ...start, startedAt: start.startedAt - skew })) },
    };
  }
}

/** Docker stamps by the server's clock. The book keeps its stamps, so that a better known skew is no restart; evidence speaks our time. */
function onOurClock(fact: ContainerFact, skew: number): ContainerFact {
  if (fact.kind === "missing" || skew === 0) return fact;
  const ours = (at: number | null) => (at === null ? null : at - skew);
  return { ...fact, createdAt: ours(fact.createdAt), startedAt: ours(fact.startedAt), finishedAt: ours(fact.finishedAt) };
}

/** Fields that stay true only while their connection lives. */
export const isFresh = (fact: Fact<unknown> | null | undefined, now: number, maxAgeMs: number): boolean => fact != null && now - fact.at <= maxAgeMs;
