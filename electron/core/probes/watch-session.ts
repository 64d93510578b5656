import type { DockerFact, PresentContainer } from "../diagnosis/evidence.ts";
import type { LineStream } from "../host-link/host-link.ts";
import { eventsArgv, isRelevant, parseEvent } from "./docker-events.ts";
import { DockerReader } from "./docker-reader.ts";
import { readPeer } from "./jts-peer.ts";
import { ServerClock } from "./server-clock.ts";
import type { WatchShared } from "./server-watch.ts";
import { type Pace, SocketWatch } from "./socket-watch.ts";
import { Timers } from "./timers.ts";
import type { WatchedGateway } from "./watched-gateway.ts";

const INSPECT_MS = 60_000;
const INSPECT_SPACING_MS = 1_500;
/** A daemon that was stopped is often started again soon; one that may not be asked stays so for longer. */
const FAULT_MS = { first: 5_000, down: 10_000, other: INSPECT_MS } as const;
const NAMES_MS = 60_000;
const TOP_MS = 30_000;
const TOP_SOON_MS = 10_000;
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
  #faults = 0;
  #retries = 0;
  #inspectedAt = Number.NEGATIVE_INFINITY;
  #inspecting = false;
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
    const now = this.#shared.clock.now();
    const container = gateway.running;
    if (container === null || now - gateway.lastTop < (gateway.lastTop < since ? TOP_SOON_MS : TOP_MS)) return;
    gateway.lastTop = now;
    const value = await this.#reader.processes(container.name);
    if (!this.#over && gateway.running?.id === container.id) gateway.publish({ processes: value === null ? null : { at: this.#shared.clock.now(), value } });
  }

  dispose(): void {
    this.#abort.abort();
    this.#timers.dispose();
    this.#clock.dispose();
    this.#sockets.dispose();
    this.#events?.close();
    for (const gateway of this.#gateways()) gateway.pause();
  }

  get #over(): boolean {
    return this.#abort.signal.aborted;
  }

  async #inspect(): Promise<void> {
    if (this.#over || this.#inspecting) return;
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
      next = Math.min(answer.fact.kind === "down" ? FAULT_MS.down : FAULT_MS.other, FAULT_MS.first * 2 ** this.#faults++);
    } else if (answer.kind === "ok") {
      this.#faults = 0;
      this.#publishDocker({ kind: "ok", version: this.#clock.version });
      await this.#apply(answer.found);
    } else next = FAULT_MS.first;
    // An event may have asked for another inspect while this one ran.
    if (!this.#timers.has("inspect")) this.#timers.after("inspect", next, () => void this.#inspect());
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

  async #openEvents(): Promise<void> {
    let ended = false;
    const again = () => {
      if (ended || this.#over) return;
      ended = true;
      this.#events = null;
      // The end of the stream is the first sign that the daemon went away.
      this.inspectSoon(200);
      this.#timers.after("events", Math.min(60_000, 2_000 * 2 ** this.#retries++), () => void this.#openEvents());
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
