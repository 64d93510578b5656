import type { LogLine } from "../../shared/contract.ts";
import type { ServerSettings } from "../../shared/settings.ts";
import type { RepairRun, ServerSnapshot } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";
import type { GatewayTarget } from "./diagnosis/evidence.ts";
import { GatewayForwards } from "./gateway-forwards.ts";
import { GatewayRuntime } from "./gateway-runtime.ts";
import { handOverTarget } from "./hand-over-target.ts";
import type { History } from "./history/history.ts";
import { HistoryKeeper } from "./history-keeper.ts";
import type { HostAddress, HostLink } from "./host-link/host-link.ts";
import type { ResolveEnvironment } from "./host-link/ssh/resolve-route.ts";
import { logTail } from "./log-tail.ts";
import { makeLink } from "./make-link.ts";
import type { NoticeBoard } from "./notice-board.ts";
import { findRoutes } from "./probes/routes.ts";
import { createServerWatch, type ServerWatch } from "./probes/server-watch.ts";
import type { PromptBroker } from "./prompts.ts";
import type { HandOverTarget } from "./repair/hand-over.ts";
import type { KeptRuns } from "./repair/kept-run.ts";
import { Watchdog } from "./repair/watchdog.ts";
import { weeklyLoginNotice } from "./repair/weekly-login.ts";
import type { Log } from "./report/log.ts";
import type { RefusedPasswords } from "./screen/refused-passwords.ts";
import type { ScreenReport } from "./screen/screen-ports.ts";
import type { SecretStore } from "./secrets/secret-store.ts";
import { ServerFactBook } from "./server-facts.ts";
import type { KeptDials } from "./session/kept-dials.ts";
import { afterReport, SideProbes } from "./side-probes.ts";

export interface ServerPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly prompts: PromptBroker;
  readonly secrets: SecretStore;
  readonly refused: RefusedPasswords;
  readonly history: History | null;
  readonly dataDir: string;
  readonly sshEnvironment?: ResolveEnvironment;
  /** A person looks at this gateway's screen now. */
  readonly screenOpen: (gateway: string) => boolean;
  readonly onChange: () => void;
  /** Nothing moved but figures. */
  readonly onFigures: () => void;
  /** A window is open. */
  readonly watched: () => boolean;
  readonly dialsPerHour: number | undefined;
  /** `null`: nobody else dials these gateways. */
  readonly keptDials: ((server: string, gateway: string) => KeptDials) | null;
  readonly onRepairEnd: (gateway: string, run: RepairRun) => void;
  /** From before the settings changed. */
  readonly lastRun: (gateway: string) => RepairRun | null;
  /** Repairs that outlive Gatelight; `null`: nobody will follow on. */
  readonly keptRuns: ((server: string, gateway: string) => KeptRuns) | null;
  readonly board: NoticeBoard;
  /** Nobody stays to see what came of it (command line): nothing is repaired and nobody is reminded by itself. */
  readonly passing: boolean;
}

const LOOK_ALL_MS = 8_000;
const personsZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** One server while Gatelight watches it: its link, its probes, its gateways. */
export class ServerRuntime {
  readonly link: HostLink;
  private readonly watch: ServerWatch;
  private readonly runtimes: ReadonlyMap<string, GatewayRuntime>;
  private readonly watchdogs: ReadonlyMap<string, Watchdog>;
  private readonly sides: ReadonlyMap<string, SideProbes>;
  private forwards: ReadonlyMap<string, GatewayForwards> = new Map();
  private readonly keeper: HistoryKeeper | null;
  private readonly facts: ServerFactBook;
  private stopState: () => void = () => {};
  private factsSeen = new Set<() => void>();

  constructor(
    readonly settings: ServerSettings,
    private readonly ports: ServerPorts,
  ) {
    const { clock } = ports;
    this.link = makeLink(settings, ports);
    this.facts = new ServerFactBook({ reach: settings.reach.kind, host: this.host }, this.link, clock.now());
    this.keeper = ports.history === null ? null : new HistoryKeeper(ports.history, settings.id, clock);
    this.runtimes = new Map(
      settings.gateways.map((gateway) => [
        gateway.id,
        new GatewayRuntime(gateway, settings, {
          clock,
          random: ports.random,
          link: this.link,
          log: ports.log.child("session"),
          server: () => this.facts.evidence(clock.now()),
          forwards: () => this.forwards.get(gateway.id)?.snapshot ?? [],
          lookNow: () => this.watch.lookNow(gateway.id),
          lookAtAll: () => this.lookAtAll(gateway.id),
          mcpPost: (path, deadlineMs) => this.side(gateway.id).post(path, deadlineMs),
          onChange: ports.onChange,
          onFigures: ports.onFigures,
          watched: ports.watched,
          dialsPerHour: ports.dialsPerHour,
          keptDials: ports.keptDials?.(settings.id, gateway.id) ?? null,
          sharing: () => this.gateways.filter((other) => other.target.id !== gateway.id && other.target.container === gateway.container),
          lastRun: () => ports.lastRun(gateway.id),
          keptRuns: ports.keptRuns?.(settings.id, gateway.id) ?? null,
          onRepairBegin: (begin) => this.keeper?.repairBegan(gateway.id, begin),
          onRepairEnd: (end) => {
            this.keeper?.repairEnded(gateway.id, end);
            this.watchdogs.get(gateway.id)?.ended(end);
            ports.onRepairEnd(gateway.id, end.run);
          },
          onReport: (report) => this.keeper?.sample(gateway.id, report.accounts),
        }),
      ]),
    );
    this.watchdogs = new Map(
      this.gateways.map((gateway) => [
        gateway.target.id,
        new Watchdog({
          clock,
          server: settings.id,
          gateway: gateway.settings,
          evidence: () => gateway.evidence(),
          diagnosis: () => gateway.settled.diagnosis,
          repairs: gateway.repairs,
          screenOpen: () => ports.screenOpen(gateway.target.id),
          incidents: () => this.keeper?.incidents(gateway.target.id) ?? [],
          notice: (notice) => ports.board.put(notice),
        }),
      ]),
    );
    this.sides = new Map(
      this.gateways.map((gateway) => [
        gateway.target.id,
        new SideProbes({
          clock,
          link: this.link,
          docker: settings.docker,
          target: gateway.target,
          vnc: () => gateway.route("vnc"),
          evidence: () => gateway.evidence(),
          screenOpen: () => ports.screenOpen(gateway.target.id),
          take: (facts) => gateway.take(facts),
          screenPassword: () => ports.secrets.get({ kind: "vnc-password", server: settings.id, gateway: gateway.target.id }),
          screenRefused: ports.refused.of(settings.id, gateway.target.id),
          screenReport: (report) => this.screenReport(gateway.target.id, report),
          screenFault: (error) => ports.log.info("the screen could not be looked at", { gateway: gateway.target.id, error }),
        }),
      ]),
    );
    this.forwards = new Map(
      settings.gateways.map((gateway) => [
        gateway.id,
        new GatewayForwards(gateway, this.link, (which) => this.gateway(gateway.id)?.route(which) ?? null, ports.onChange),
      ]),
    );
    this.watch = createServerWatch({
      link: this.link,
      docker: settings.docker,
      targets: this.gateways.map((gateway) => gateway.target),
      clock,
      onServer: (facts) => {
        this.facts.take(facts);
        this.serverChanged();
      },
      onLate: () => this.serverChanged(),
      onFacts: (id, facts) => {
        const gateway = this.runtimes.get(id);
        if (gateway === undefined) return;
        const settingsOf = gateway.settings;
        const { container, ...others } = facts;
        const route =
          container == null
            ? {}
            : {
                route: {
                  at: container.at,
                  value: findRoutes(container.value, gateway.target, settingsOf.endpoints ?? {}, settings.reach.kind, process.platform),
                },
              };
        gateway.take({ ...others, ...(container == null ? {} : { container }), ...route });
        this.sides.get(id)?.factsChanged();
        for (const seen of [...this.factsSeen]) seen();
      },
      onMcpContainer: (id, container) => this.side(id).mcpContainer(container),
      onPeer: (id, peer) => this.runtimes.get(id)?.take({ peer }),
    });
    // Addresses given in the settings are known before Docker says a word.
    for (const gateway of this.gateways)
      if (gateway.settings.endpoints !== undefined)
        gateway.take({
          route: { at: clock.now(), value: findRoutes(null, gateway.target, gateway.settings.endpoints, settings.reach.kind, process.platform) },
        });
  }

  get gateways(): GatewayRuntime[] {
    return [...this.runtimes.values()];
  }

  gateway(id: string): GatewayRuntime | null {
    return this.runtimes.get(id) ?? null;
  }

  start(): void {
    this.stopState = this.link.onState((state) => {
      this.facts.takeState(state, this.ports.clock.now());
      this.serverChanged();
      if (state.kind === "up") for (const gateway of this.gateways) gateway.repairs.followOn();
    });
    this.link.start();
    this.watch.start();
    for (const gateway of this.gateways) gateway.start();
    for (const side of this.sides.values()) side.start();
    for (const forward of this.forwards.values()) forward.start();
  }

  /** Judges every gateway anew, keeps the incidents, sets the pace of looking. */
  judge(): void {
    const now = this.ports.clock.now();
    for (const gateway of this.gateways) {
      gateway.judge();
      this.keeper?.judged(gateway.target.id, gateway.settled);
      if (!this.ports.passing) this.lookAfter(gateway, now);
      // Only a fault is worth a process on the server.
      if (gateway.settled.troubleSince !== null && this.link.state.kind === "up")
        this.watch
          .lookProcesses(gateway.target.id, gateway.settled.troubleSince)
          .catch((error: unknown) => this.ports.log.warn("looking at processes failed", { error: String(error) }));
    }
    this.watch.setPace(this.gateways.every((gateway) => gateway.settled.diagnosis.light === "up") ? "calm" : "alert");
  }

  get lineAnswers(): boolean {
    return this.link.state.kind === "up" && this.link.quietSince === null;
  }

  snapshot(): ServerSnapshot {
    const { settings } = this;
    const { link, docker } = this.facts.lights(this.ports.clock.now());
    return {
      id: settings.id,
      name: settings.name ?? settings.id,
      host: this.host,
      reach: settings.reach.kind,
      light: link.state === "up" && docker.state !== "off" ? docker.state : link.state,
      link,
      docker,
      gateways: this.gateways.map((gateway) => gateway.snapshot()),
    };
  }

  watchChanged(): void {
    for (const gateway of this.gateways) gateway.session.watchChanged();
  }

  /** Container, sockets, screen and MCP of one gateway anew; resolves when the facts are in, or after 8 s. */
  async lookAtAll(gateway: string): Promise<void> {
    const begun = this.ports.clock.now();
    const runtime = this.runtimes.get(gateway);
    if (runtime === undefined) return;
    this.watch.inspectNow();
    const inspected = new Promise<void>((resolve) => {
      const finish = () => {
        this.factsSeen.delete(look);
        stop();
        resolve();
      };
      const look = () => {
        if ((runtime.evidence().container?.at ?? 0) >= begun) finish();
      };
      const stop = this.ports.clock.after(LOOK_ALL_MS, finish);
      this.factsSeen.add(look);
    });
    await Promise.all([inspected, this.watch.lookNow(gateway), this.side(gateway).lookNow()]);
  }

  async screenAddress(gateway: string, signal: AbortSignal): Promise<HostAddress | null> {
    const runtime = this.runtimes.get(gateway);
    if (runtime === undefined) return null;
    if (runtime.route("vnc") === null && !signal.aborted) await this.lookAtAll(gateway);
    return runtime.route("vnc");
  }

  /** Never rejects. */
  async checkScreen(gateway: string, signal: AbortSignal): Promise<void> {
    await this.sides.get(gateway)?.checkScreen(signal);
  }

  screenReport(gateway: string, report: ScreenReport): void {
    this.sides.get(gateway)?.screenReported(report);
    if (report.kind !== "failed") this.runtimes.get(gateway)?.takeScreen((before) => afterReport(before, report));
  }

  logTail(target: GatewayTarget, lines: number, signal: AbortSignal): Promise<{ lines: LogLine[]; truncated: boolean }> {
    return logTail(this.link, this.settings.docker, target.container, lines, signal);
  }

  callMcpTool(target: GatewayTarget, signal: AbortSignal): Promise<{ ok: boolean; detail: string }> {
    return this.side(target.id).callTool(signal);
  }

  /** A repair runs on one of its gateways. */
  get busy(): boolean {
    return this.gateways.some((gateway) => gateway.repairs.running !== null);
  }

  /** For the hand-over to TWS; `null`: there is no such gateway. */
  handOver(gateway: string): HandOverTarget | null {
    const runtime = this.runtimes.get(gateway);
    return runtime === undefined ? null : handOverTarget(runtime, this.link, this.settings.docker);
  }

  /** This computer goes to sleep. @returns functions that take the sessions back */
  async suspend(): Promise<(() => void)[]> {
    return Promise.all(this.gateways.map((gateway) => gateway.session.park("asleep")));
  }

  async dispose(): Promise<void> {
    this.stopState();
    for (const side of this.sides.values()) side.dispose();
    await Promise.all([...this.gateways.map((gateway) => gateway.dispose()), ...[...this.forwards.values()].map((forward) => forward.dispose())]);
    this.watch.dispose();
    await this.link.dispose();
    this.keeper?.dispose();
  }

  private get host(): string {
    const { reach } = this.settings;
    return reach.kind === "ssh" ? reach.host : "this machine";
  }

  private side(gateway: string): SideProbes {
    const side = this.sides.get(gateway);
    if (side === undefined) throw new Error(`There is no gateway ${gateway}.`);
    return side;
  }

  /** What Gatelight does without being asked, as far as it was wanted. */
  private lookAfter(gateway: GatewayRuntime, now: number): void {
    this.watchdogs.get(gateway.target.id)?.look();
    const due = weeklyLoginNotice(this.settings.id, gateway.settings, gateway.evidence(), personsZone, now);
    this.ports.board.keep(`weekly-login/${this.settings.id}/${gateway.target.id}/`, due);
  }

  private serverChanged(): void {
    for (const gateway of this.gateways) gateway.serverChanged();
    this.judge();
    this.ports.onChange();
  }
}
