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
  Route,
  RouteFact,
  ScreenFact,
  ServerEvidence,
  SocketsFact,
} from "./diagnosis/evidence.ts";
import { emptyHistory, noteBrokerCode, noteContainer, noteFailures, notePeer, noteQueue, noteReady, noteRepair } from "./gateway-history.ts";
import { followedRoute } from "./session/followed-port.ts";
import type { SessionReport } from "./session/session.ts";
import { shareEqual } from "./share-equal.ts";

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
  /** The API port as the newest notice 1300 told it. */
  private announced: number | null = null;

  constructor(private readonly target: GatewayTarget) {}

  /** The ways to the gateway; the API's follows an announced change of its port. */
  get route(): RouteFact | null {
    return this.facts.route === undefined ? null : { ...this.facts.route.value, api: this.way.route };
  }

  /** @returns whether anything was learnt but that all is still as it was */
  take(facts: GatewayFacts): boolean {
    const before = this.facts.container?.value ?? null;
    const known = this.facts;
    this.facts = { ...known, ...facts };
    const { container, sockets } = facts;
    if (container !== undefined) this.history = noteContainer(this.history, before, container.value, container.at);
    if (sockets != null) {
      const { port } = this.way;
      const queue = sockets.value.listeners.filter((listener) => listener.port === port).reduce((sum, listener) => sum + listener.queue, 0);
      this.history = noteQueue(this.history, queue, sockets.at);
    }
    if (facts.peer !== undefined) this.history = notePeer(this.history, facts.peer);
    return !sameValues(known, facts);
  }

  takeReport(report: SessionReport, now: number): void {
    this.api = { at: now, value: report.api };
    this.broker = report.broker === null ? null : { at: now, value: report.broker };
    this.account = report.account === null ? null : { at: now, value: report.account };
    this.announced = report.failures.findLast((failure) => failure.newPort !== null)?.newPort ?? this.announced;
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
    const way = this.way;
    return {
      server,
      // Where the port is followed, everything that is judged is judged at the new one.
      gateway: way.port === this.target.ports.api ? this.target : { ...this.target, ports: { ...this.target.ports, api: way.port } },
      container: container === undefined ? null : { at: container.at, value: onOurClock(container.value, skew) },
      login: login ?? null,
      sockets: sockets ?? null,
      processes: processes ?? null,
      route: route === undefined ? null : { at: route.at, value: { ...route.value, api: way.route } },
      api: this.api,
      broker: this.broker,
      account: this.account,
      screen: screen ?? null,
      mcp: mcp ?? null,
      forwards: { at: now, value: forwards },
      history: { ...this.history, starts: this.history.starts.map((start) => ({ ...start, startedAt: start.startedAt - skew })) },
    };
  }

  /** How the API is reached now, and the container's port at which it is expected. */
  private get way(): { readonly route: Route | null; readonly port: number } {
    const { route, container, sockets } = this.facts;
    const found = route?.value.api ?? null;
    const followed = followedRoute({
      settingsPort: this.target.ports.api,
      announced: this.announced,
      route: found,
      container: container?.value ?? null,
      listeners: sockets?.value.listeners ?? null,
    });
    return followed === null ? { route: found, port: this.target.ports.api } : { route: followed, port: followed.containerPort ?? this.target.ports.api };
  }
}

/** Whether every fact that is handed in says what was known, at a later time. */
function sameValues(known: GatewayFacts, facts: GatewayFacts): boolean {
  const told = (fact: GatewayFacts[keyof GatewayFacts]): unknown => (fact !== null && typeof fact === "object" ? fact.value : fact);
  const names = Object.keys(facts) as (keyof GatewayFacts)[];
  return names.every((name) => {
    const before = told(known[name]);
    return shareEqual(before, told(facts[name])) === before;
  });
}

/** Docker stamps by the server's clock. The book keeps its stamps, so that a better known skew is no restart; evidence speaks our time. */
function onOurClock(fact: ContainerFact, skew: number): ContainerFact {
  if (fact.kind === "missing" || skew === 0) return fact;
  const ours = (at: number | null) => (at === null ? null : at - skew);
  return { ...fact, createdAt: ours(fact.createdAt), startedAt: ours(fact.startedAt), finishedAt: ours(fact.finishedAt) };
}
