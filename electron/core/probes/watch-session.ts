import type { DockerFact, PresentContainer } from "../diagnosis/evidence.ts";
import type { LineStream } from "../host-link/host-link.ts";
import { DockerDoor, socketNamed } from "./docker-door.ts";
import { eventsArgv, isRelevant, parseEvent } from "./docker-events.ts";
import { DockerReader } from "./docker-reader.ts";
import { launcherArgv } from "./ibc-log/launcher-log.ts";
import { readPeer } from "./jts-peer.ts";
import { ServerClock } from "./server-clock.ts";
import type { WatchShared } from "./server-watch.ts";
import { type Pace, SocketWatch } from "./socket-watch.ts";
import { Timers } from "./timers.ts";
import type { WatchedGateway } from "./watched-gateway.ts";

const INSPECT_MS = 60_000;
const INSPECT_SPACING_MS = 1_500;
/**
 * A first fault is looked at again before it is believed (settle: 3 s). One that may not be asked stays so for longer than one that is down; whose socket
 * is gone is waited for at its door.
 */
const FAULT_MS = { first: 2_000, down: 4_000, gone: 30_000, other: INSPECT_MS, unknown: 5_000 } as const;
const NAMES_MS = 60_000;
const TOP_MS = 30_000;
const TOP_SOON_MS = 10_000;
/** A log-in that is answered goes on within seconds. */
const LAUNCHER_AFTER_MS = 25_000;
const LAUNCHER_MS = 30_000;
const PEER_AFTER_MS = 2_000;
/** A run this old has its jts.ini, whether a log-in completed in it or not. */
const PEER_AGE_MS = 50_000;

/** Watching while the link is up: docker, and through {@link SocketWatch} the sockets. Ends with the link; a new one begins with the next. */
export class WatchSession {
  readonly #shared: WatchShared;
  readonly #gateways: () => readonly WatchedGateway[];
  readonly #abort = new AbortController();
  readonly #reader: DockerReader;
  readonly #clock: ServerClock;
  readonly #sockets: SocketWatch;
  readonly #timers: Timers;
  #events: LineStream | null = null;
  #door: DockerDoor | null = null;
  #faults = 0;
  #retries = 0;
  #inspectedAt = Number.NEGATIVE_INFINITY;
  #inspecting = false;
  /** What the inspect under way may have missed. */
  #inspectAgain = false;
  #namesAt = Number.NEGATIVE_INFINITY;
  #names: readonly string[] = [];

  constructor(shared: WatchShared, gateways: () => readonly WatchedGateway[], pace: Pace) {
    this.#shared = shared;
    this.#gateways = gateways;
    this.#reader = new DockerReader(shared.link, shared.docker, this.#abort.signal, shared.onSpawn);
    this.#clock = new ServerClock(shared, this.#reader);
    this.#timers = new Timers(shared.clock);
    this.#sockets = new SocketWatch({ shared, reader: this.#reader, gateways, onGone: () => this.inspectSoon(0) }, pace);
  }

  start(): void {
    void this.#inspect();
    void this.#clock.ask();
    void this.#openEvents();
    this.#sockets.start();
  }

  setPace(pace: Pace): void {
    this.#sockets.setPace(pace);
  }

  inspectSoon(afterMs: number): void {
    const spaced = this.#inspectedAt + INSPECT_SPACING_MS - this.#shared.clock.now();
    this.#timers.after("inspect", Math.max(afterMs, spaced), () => void this.#inspect());
  }

  lookNow(gateways: readonly WatchedGateway[]): Promise<void> {
    return this.#sockets.lookNow(gateways);
  }

  async lookProcesses(gateway: WatchedGateway, since: number): Promise<void> {
    await this.#lookWhySilent(gateway);
    const now = this.#shared.clock.now();
    const container = gateway.running;
    if (container === null || now - gateway.lastTop < (gateway.lastTop < since ? TOP_SOON_MS : TOP_MS)) return;
    gateway.lastTop = now;
    const value = await this.#reader.processes(container.name);
    if (!this.#over && gateway.running?.id === container.id) gateway.publish({ processes: value === null ? null : { at: this.#shared.clock.now(), value } });
  }

  /** IBC's log does not tell a slow log-in from one that IBKR leaves unanswered; launcher.log does. */
  async #lookWhySilent(gateway: WatchedGateway): Promise<void> {
    const { running, authenticatingSince } = gateway;
    const now = this.#shared.clock.now();
    if (running === null || authenticatingSince === null || now - gateway.lastLauncher < LAUNCHER_MS) return;
    if (now + this.#shared.skew() - authenticatingSince < LAUNCHER_AFTER_MS) return;
    gateway.lastLauncher = now;
    const text = await this.#reader.inside(running.name, launcherArgv(running, gateway.target.mode));
    if (!this.#over && text !== null && gateway.running?.id === running.id) gateway.takeLauncher(text);
  }

  dispose(): void {
    this.#abort.abort();
    this.#timers.dispose();
    this.#clock.dispose();
    this.#sockets.dispose();
    this.#door?.dispose();
    this.#events?.close();
    for (const gateway of this.#gateways()) gateway.pause();
  }

  get #over(): boolean {
    return this.#abort.signal.aborted;
  }

  async #inspect(): Promise<void> {
    if (this.#over) return;
    this.#inspectAgain = this.#inspecting;
    if (this.#inspecting) return;
    this.#inspecting = true;
    this.#inspectedAt = this.#shared.clock.now();
    this.#timers.stop("inspect");
    const names = new Set(this.#gateways().flatMap(({ target }) => [target.container, target.mcp?.container ?? target.container]));
    const answer = await this.#reader.inspect([...names]);
    this.#inspecting = false;
    if (this.#over) return;
    let next = INSPECT_MS;
    if (answer.kind === "fault") {
      this.#publishDocker(answer.fact);
      next = this.#waitForDocker(answer.fact);
    } else if (answer.kind === "ok") {
      if (this.#faults > 0) this.#dockerIsBack();
      this.#publishDocker({ kind: "ok", version: this.#clock.version });
      await this.#apply(answer.found);
    } else next = FAULT_MS.unknown;
    // An event may have asked for another inspect while this one ran.
    if (this.#inspectAgain) this.inspectSoon(0);
    else if (!this.#timers.has("inspect")) this.#timers.after("inspect", next, () => void this.#inspect());
  }

  /** @returns when docker is asked again, ms */
  #waitForDocker({ kind, message }: Exclude<DockerFact, { kind: "ok" }>): number {
    const doubled = FAULT_MS.first * 2 ** Math.min(this.#faults++, 8);
    if (kind !== "down") return Math.min(FAULT_MS.other, doubled);
    const { link, clock, onSpawn } = this.#shared;
    const path = socketNamed(message);
    if (path !== null) this.#door ??= new DockerDoor({ link, clock, onSpawn, path, onOpen: () => this.inspectSoon(0) });
    return Math.min(doubled, this.#door?.shut === true ? FAULT_MS.gone : FAULT_MS.down);
  }

  /** What its events told meanwhile was heard by nobody. */
  #dockerIsBack(): void {
    this.#faults = 0;
    this.#door?.dispose();
    this.#door = null;
    if (this.#events !== null || !this.#timers.has("events")) return;
    this.#timers.stop("events");
    this.#retries = 0;
    void this.#openEvents(true);
  }

  async #apply(found: readonly PresentContainer[]): Promise<void> {
    const byName = new Map(found.map((container) => [container.name, container]));
    const missing = this.#gateways().some(({ target }) => !byName.has(target.container));
    if (missing && this.#shared.clock.now() - this.#namesAt >= NAMES_MS) {
      this.#namesAt = this.#shared.clock.now();
      this.#names = (await this.#reader.names()) ?? [];
      if (this.#over) return;
    }
    for (const gateway of this.#gateways()) {
      const fresh = gateway.runKey;
      gateway.see(byName.get(gateway.target.container) ?? { kind: "missing", seen: this.#names });
      if (gateway.runKey !== fresh) void this.#sockets.look(gateway, false);
      const mcp = gateway.target.mcp?.container;
      if (mcp) this.#shared.onMcpContainer?.(gateway.target.id, byName.get(mcp) ?? { kind: "missing", seen: this.#names });
      if (gateway.peerOf !== gateway.runKey && this.#shared.onPeer !== undefined) {
        this.#timers.after(`peer ${gateway.target.id}`, PEER_AFTER_MS, () => void this.#readPeer(gateway));
      }
    }
  }

  async #readPeer(gateway: WatchedGateway): Promise<void> {
    const container = gateway.running;
    if (container === null || gateway.peerOf === gateway.runKey) return;
    const age = this.#shared.clock.now() + this.#shared.skew() - (container.startedAt ?? 0);
    // The gateway writes the line when it logs in; the next inspect asks again.
    if (!gateway.loggedIn && age < PEER_AGE_MS) return;
    gateway.peerOf = gateway.runKey;
    const peer = await readPeer(this.#reader, container, gateway.target.mode);
    // Not read is not the same as gone: what was known stays.
    if (!this.#over && peer !== null) this.#shared.onPeer?.(gateway.target.id, peer);
  }

  #publishDocker(value: DockerFact): void {
    this.#shared.onServer({ docker: { at: this.#shared.clock.now(), value } });
  }

  async #openEvents(reopened = false): Promise<void> {
    let ended = false;
    const again = () => {
      if (ended || this.#over) return;
      ended = true;
      this.#events = null;
      // The end of the stream is the first sign that the daemon went away.
      this.inspectSoon(200);
      this.#timers.after("events", Math.min(60_000, 2_000 * 2 ** this.#retries++), () => void this.#openEvents(true));
    };
    this.#shared.onSpawn();
    try {
      const stream = await this.#shared.link.stream(eventsArgv(this.#shared.docker), {
        deadlineMs: 10_000,
        signal: this.#abort.signal,
        onLine: (line, source) => source === "stdout" && this.#event(line),
        onEnd: again,
      });
      if (this.#over) stream.close();
      else this.#events = stream;
      // What happened before docker began to tell is seen by asking once more.
      if (reopened) this.inspectSoon(1_000);
    } catch {
      again();
    }
  }

  #event(line: string): void {
    const event = parseEvent(line);
    if (event === null || this.#over) return;
    this.#retries = 0;
    const now = this.#shared.clock.now();
    if (event.at !== null) this.#clock.note(event.at, now - 50, 400);
    const names = new Set(this.#gateways().flatMap(({ target }) => [target.container, ...(target.mcp?.container ? [target.mcp.container] : [])]));
    if (isRelevant(event, names)) this.inspectSoon(100);
  }
}
