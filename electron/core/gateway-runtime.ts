import type { GatewaySettings, ServerSettings } from "../../shared/settings.ts";
import { gatewayPorts } from "../../shared/settings.ts";
import type { ForwardSnapshot, GatewaySnapshot, RepairRun } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";
import { diagnose } from "./diagnosis/diagnose.ts";
import type { GatewayEvidence, GatewayTarget, Route, ServerEvidence } from "./diagnosis/evidence.ts";
import { type Settled, settle } from "./diagnosis/settle.ts";
import { staysSo } from "./diagnosis/stays-so.ts";
import { GatewayFactBook, type GatewayFacts } from "./gateway-facts.ts";
import { gatewaySnapshot } from "./gateway-snapshot.ts";
import type { HostLink } from "./host-link/host-link.ts";
import { type DialPermit, mayDial, mayLook } from "./may-dial.ts";
import type { KeptRuns } from "./repair/kept-run.ts";
import { createRepairs, type RepairEnd, type Repairs } from "./repair/repairs.ts";
import type { Log } from "./report/log.ts";
import { createSession } from "./session/create-session.ts";
import { DialSigns } from "./session/dial-signs.ts";
import type { KeptDials } from "./session/kept-dials.ts";
import { onlyFigures } from "./session/only-figures.ts";
import type { GatewaySession, SessionReport } from "./session/session.ts";

/** Socket facts this old (ms) still count as the look right before a dial. */
const DIAL_LOOK_MS = 4_000;

export interface GatewayPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly link: HostLink;
  readonly log: Log;
  readonly server: () => ServerEvidence;
  readonly forwards: () => readonly ForwardSnapshot[];
  /** A fresh look at this gateway's sockets; resolves when the facts were taken, or after its deadline. */
  readonly lookNow: () => Promise<void>;
  /** Container, log and sockets anew. */
  readonly lookAtAll: () => Promise<void>;
  readonly mcpPost: (path: string, deadlineMs: number) => Promise<string>;
  /** Something a view shows may have changed. */
  readonly onChange: () => void;
  /** Nothing moved but figures; the verdict is a second's work, not theirs. */
  readonly onFigures: () => void;
  /** A window is open. */
  readonly watched: () => boolean;
  readonly dialsPerHour: number | undefined;
  readonly keptDials: KeptDials | null;
  /** Other gateways in the same container. */
  readonly sharing: () => readonly GatewayRuntime[];
  readonly lastRun: () => RepairRun | null;
  readonly keptRuns: KeptRuns | null;
  readonly onRepairBegin: (begin: RepairEnd & { readonly taken: boolean }) => void;
  readonly onRepairEnd: (end: RepairEnd) => void;
  readonly onReport: (report: SessionReport) => void;
}

export function targetOf(gateway: GatewaySettings): GatewayTarget {
  return {
    id: gateway.id,
    name: gateway.name ?? gateway.id,
    mode: gateway.mode,
    container: gateway.container,
    ports: gatewayPorts(gateway),
    clientId: gateway.clientId,
    mcp: gateway.mcp == null ? null : { url: gateway.mcp.url, container: gateway.mcp.container ?? null },
  };
}

/** One gateway while Gatelight watches it: its facts, its one API session, its verdict, its repairs. */
export class GatewayRuntime {
  readonly target: GatewayTarget;
  readonly session: GatewaySession;
  readonly repairs: Repairs;
  private readonly facts: GatewayFactBook;
  private readonly signs = new DialSigns();
  private readonly listeners = new Set<() => void>();
  private settledNow: Settled;
  private reported: SessionReport;

  constructor(
    readonly settings: GatewaySettings,
    server: ServerSettings,
    private readonly ports: GatewayPorts,
  ) {
    this.target = targetOf(settings);
    this.facts = new GatewayFactBook(this.target);
    this.session = createSession({
      clock: ports.clock,
      random: ports.random,
      clientId: settings.clientId,
      mode: settings.mode,
      watched: ports.watched,
      dialsPerHour: ports.dialsPerHour,
      keptDials: ports.keptDials,
      linkUp: () => ports.link.state.kind === "up",
      log: (line) => ports.log.info(line, { gateway: settings.id }),
      mayDial: () => this.mayDial(),
      dial: (options) => ports.link.dial(this.apiRoute(), options),
    });
    this.reported = this.session.report;
    this.facts.takeReport(this.reported, ports.clock.now());
    this.settledNow = settle(null, diagnose(this.evidence(), ports.clock.now()), ports.clock.now());
    this.session.onReport((report) => {
      this.facts.takeReport(report, ports.clock.now());
      ports.onReport(report);
      const before = this.reported;
      this.reported = report;
      if (onlyFigures(before, report)) ports.onFigures();
      else this.judge();
    });
    this.repairs = createRepairs({
      gateway: settings,
      docker: server.docker,
      serverName: server.name ?? server.id,
      sharing: () =>
        ports.sharing().map((other) => ({
          mode: other.settings.mode,
          evidence: other.evidence(),
          diagnosis: other.settled.diagnosis,
          running: other.repairs.running,
        })),
      last: ports.lastRun(),
      kept: ports.keptRuns,
      onRun: (_run: RepairRun) => ports.onChange(),
      onBegin: (repair, begin) => {
        this.facts.noteRepair(repair, ports.clock.now());
        ports.onRepairBegin(begin);
      },
      onEnd: ports.onRepairEnd,
      ports: {
        clock: ports.clock,
        link: ports.link,
        evidence: () => this.evidence(),
        diagnosis: () => this.settledNow.diagnosis,
        refresh: ports.lookAtAll,
        onChange: (listener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
        park: async ({ sharing }) => {
          const parked = await Promise.all([this, ...(sharing ? ports.sharing() : [])].map((gateway) => gateway.session.park()));
          return () => {
            for (const giveBack of parked) giveBack();
          };
        },
        resubscribe: () => this.session.resubscribe(),
        changeClientId: () => this.session.changeClientId(),
        mcpPost: ports.mcpPost,
      },
    });
  }

  start(): void {
    this.session.start();
  }

  get settled(): Settled {
    return this.settledNow;
  }

  evidence(): GatewayEvidence {
    return this.facts.evidence(this.ports.server(), this.ports.forwards(), this.ports.clock.now());
  }

  take(facts: GatewayFacts): void {
    if (this.facts.take(facts)) this.judge();
    this.nudge();
  }

  takeScreen(change: Parameters<GatewayFactBook["takeScreen"]>[0]): void {
    this.facts.takeScreen(change, this.ports.clock.now());
    this.judge();
  }

  /** The link's state or the server's facts changed. */
  serverChanged(): void {
    this.judge();
    this.nudge();
  }

  /** Judges anew; called on each change, and once a second unless it is steady, since silence is a change too. */
  judge(): void {
    const now = this.ports.clock.now();
    const before = this.settledNow;
    this.settledNow = settle(before, diagnose(this.evidence(), now), now);
    for (const listener of [...this.listeners]) listener();
    this.ports.onChange();
  }

  /** Nothing is under way, and the verdict will be the same for so long (ms) unless a fact changes: it need not be judged before. */
  steadyFor(ms: number): boolean {
    const { diagnosis, nextAt, suspicions } = this.settledNow;
    if (diagnosis.light !== "up" || nextAt !== null || Object.keys(suspicions).length > 0 || this.repairs.running !== null) return false;
    return staysSo(diagnosis, this.evidence(), this.ports.clock.now(), ms);
  }

  snapshot(): GatewaySnapshot {
    return gatewaySnapshot({
      gateway: this.settings,
      evidence: this.evidence(),
      settled: this.settledNow,
      report: this.session.report,
      repairs: this.repairs.offers(),
      run: this.repairs.run,
      forwards: this.ports.forwards(),
      now: this.ports.clock.now(),
    });
  }

  route(which: "api" | "vnc"): Route | null {
    return this.facts.route?.[which] ?? null;
  }

  async dispose(): Promise<void> {
    await this.repairs.dispose();
    await this.session.dispose();
    this.listeners.clear();
  }

  /** What really changed for the better is followed at once; every other change leaves the session's own pace alone. */
  private nudge(): void {
    const [evidence, now] = [this.evidence(), this.ports.clock.now()];
    const sign = this.signs.take(evidence, mayDial(evidence, now, DIAL_LOOK_MS), now);
    if (sign === null) this.session.nudge();
    else {
      if (evidence.api?.value.kind !== "ready") this.ports.log.info(`worth a dial: ${sign}`, { gateway: this.settings.id });
      this.session.nudge({ by: "evidence" });
    }
  }

  private apiRoute(): { host: string; port: number } {
    const route = this.route("api");
    if (route === null) throw new Error("The API's address is not known yet.");
    return { host: route.host, port: route.port };
  }

  private async mayDial(): Promise<DialPermit> {
    const sense = mayLook(this.evidence());
    if (!sense.ok) return sense;
    await this.ports.lookNow();
    return mayDial(this.evidence(), this.ports.clock.now(), DIAL_LOOK_MS);
  }
}
