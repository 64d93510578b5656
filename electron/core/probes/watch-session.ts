import type { DockerFact, PresentContainer } from "../diagnosis/evidence.ts";
import type { LineStream } from "../host-link/host-link.ts";
import { eventsArgv, isRelevant, parseEvent } from "./docker-events.ts";
import { DockerReader } from "./docker-reader.ts";
import { readPeer } from "./jts-peer.ts";
import { LookLoop } from "./look-loop.ts";
import { parseProcNet } from "./proc-net.ts";
import type { WatchShared } from "./server-watch.ts";
import { socketsFact } from "./sockets-fact.ts";
import type { WatchedGateway } from "./watched-gateway.ts";

const PACE_MS = { calm: 3_000, alert: 1_000 } as const;
/** netstat and unix are long tables and change seldom. */
const MORE_MS = { calm: 15_000, alert: 4_000 } as const;
const LOOK_DEADLINE_MS = 5_000;
/** A look takes some milliseconds and a round trip. */
const LATE_MS = 300;
/** A ping unanswered for so long is news. */
const MUTE_MS = 1_250;
const EXEC_LOOK_MS = 10_000;
const INSPECT_MS = 60_000;
const INSPECT_SPACING_MS = 1_500;
const NAMES_MS = 60_000;
const TOP_MS = 30_000;
const MAX_CLOCK_ERROR_MS = 15_000;
const SERVER_MS = 1_800_000;
const PEER_AFTER_MS = 2_000;
/** A run this old has its jts.ini, whether a log-in completed in it or not. */
const PEER_AGE_MS = 50_000;
const PROC_TABLES = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/netstat", "/proc/net/unix"] as const;

/** Watching while the link is up. Ends with the link; a new one begins with the next. */
export class WatchSession {
  readonly #shared: WatchShared;
  readonly #gateways: () => readonly WatchedGateway[];
  readonly #abort = new AbortController();
  readonly #reader: DockerReader;
  readonly #timers = new Map<string, () => void>();
  #pace: "calm" | "alert";
  #loop: LookLoop | null = null;
  #events: LineStream | null = null;
  #version: string | null = null;
  #skewError = Number.POSITIVE_INFINITY;
  #faults = 0;
  #retries = { loop: 0, events: 0 };
  #inspectedAt = Number.NEGATIVE_INFINITY;
  #inspecting = false;
  #namesAt = Number.NEGATIVE_INFINITY;
  #names: readonly string[] = [];

  constructor(shared: WatchShared, gateways: () => readonly WatchedGateway[], pace: "calm" | "alert") {
    this.#shared = shared;
    this.#gateways = gateways;
    this.#pace = pace;
    this.#reader = new DockerReader(shared.link, shared.docker, this.#abort.signal, shared.onSpawn);
  }

  start(): void {
    void this.#inspect();
    void this.#askServer();
    void this.#openLoop();
    void this.#openEvents();
    this.#tick();
  }

  setPace(pace: "calm" | "alert"): void {
    if (pace === this.#pace) return;
    this.#pace = pace;
    this.#tick();
  }

  inspectSoon(afterMs: number): void {
    const spaced = this.#inspectedAt + INSPECT_SPACING_MS - this.#shared.clock.now();
    this.#after("inspect", Math.max(afterMs, spaced), () => void this.#inspect());
  }

  async lookNow(gateways: readonly WatchedGateway[]): Promise<void> {
    await Promise.all(gateways.map((gateway) => this.#lookInTime(gateway)));
  }

  async lookProcesses(gateway: WatchedGateway): Promise<void> {
    const now = this.#shared.clock.now();
    const container = gateway.running;
    if (container === null || now - gateway.lastTop < TOP_MS) return;
    gateway.lastTop = now;
    const value = await this.#reader.processes(container.name);
    if (!this.#over && gateway.running?.id === container.id) gateway.publish({ processes: value === null ? null : { at: this.#shared.clock.now(), value } });
  }

  dispose(): void {
    this.#abort.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#loop?.dispose();
    this.#events?.close();
    for (const gateway of this.#gateways()) gateway.pause();
  }

  get #over(): boolean {
    return this.#abort.signal.aborted;
  }

  #after(name: string, ms: number, run: () => void): void {
    if (this.#over) return;
    this.#timers.get(name)?.();
    const cancel = this.#shared.clock.after(ms, () => {
      this.#timers.delete(name);
      run();
    });
    this.#timers.set(name, cancel);
  }

  // ── docker ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #inspect(): Promise<void> {
    if (this.#over || this.#inspecting) return;
    this.#inspecting = true;
    this.#inspectedAt = this.#shared.clock.now();
    this.#timers.get("inspect")?.();
    this.#timers.delete("inspect");
    const names = new Set(this.#gateways().flatMap(({ target }) => [target.container, target.mcp?.container ?? target.container]));
    const answer = await this.#reader.inspect([...names]);
    this.#inspecting = false;
    if (this.#over) return;
    let next = INSPECT_MS;
    if (answer.kind === "fault") {
      this.#publishDocker(answer.fact);
      next = Math.min(INSPECT_MS, 5_000 * 2 ** this.#faults++);
    } else if (answer.kind === "ok") {
      this.#faults = 0;
      this.#publishDocker({ kind: "ok", version: this.#version });
      await this.#apply(answer.found);
    } else next = 5_000;
    // An event may have asked for another inspect while this one ran.
    if (!this.#timers.has("inspect")) this.#after("inspect", next, () => void this.#inspect());
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
      if (gateway.runKey !== fresh) void this.#look(gateway, false);
      const mcp = gateway.target.mcp?.container;
      if (mcp) this.#shared.onMcpContainer?.(gateway.target.id, byName.get(mcp) ?? { kind: "missing", seen: this.#names });
      if (gateway.peerOf !== gateway.runKey && this.#shared.onPeer !== undefined) {
        this.#after(`peer ${gateway.target.id}`, PEER_AFTER_MS, () => void this.#readPeer(gateway));
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

  /** Docker's version and the server's clock: at the start and every half hour. */
  async #askServer(): Promise<void> {
    const before = this.#shared.clock.now();
    const { version, clock } = await this.#reader.server();
    const taken = this.#shared.clock.now() - before;
    if (this.#over) return;
    this.#version = version ?? this.#version;
    if (clock !== null) this.#noteClock(clock, before + taken / 2, taken / 2);
    else {
      const from = this.#shared.clock.now();
      const seconds = await this.#reader.date();
      if (this.#over) return;
      const middle = (from + this.#shared.clock.now()) / 2;
      // Whole seconds: half a second more on the average.
      if (seconds !== null) this.#noteClock(seconds + 500, middle, 500 + middle - from);
    }
    this.#skewError += 200;
    this.#after("server", SERVER_MS, () => void this.#askServer());
  }

  /** Takes a reading of the server's clock if it is surer than what we have, or contradicts it. */
  #noteClock(server: number, ours: number, error: number): void {
    // The answer came late, or this computer slept in between: it tells nothing.
    if (error > MAX_CLOCK_ERROR_MS) return;
    const skew = server - ours;
    const contradicts = Math.abs(skew - this.#shared.skew()) > error + this.#skewError;
    if (error >= this.#skewError && !contradicts) return;
    this.#skewError = error;
    this.#shared.onServer({ clockSkewMs: { at: this.#shared.clock.now(), value: Math.round(skew) } });
  }

  async #openEvents(): Promise<void> {
    let ended = false;
    const again = () => {
      if (ended || this.#over) return;
      ended = true;
      this.#events = null;
      // The end of the stream is the first sign that the daemon went away.
      this.inspectSoon(200);
      this.#after("events", Math.min(60_000, 2_000 * 2 ** this.#retries.events++), () => void this.#openEvents());
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
    this.#retries.events = 0;
    const now = this.#shared.clock.now();
    if (event.at !== null) this.#noteClock(event.at, now - 50, 400);
    const names = new Set(this.#gateways().flatMap(({ target }) => [target.container, ...(target.mcp?.container ? [target.mcp.container] : [])]));
    if (isRelevant(event, names)) this.inspectSoon(100);
  }

  // ── sockets ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #openLoop(): Promise<void> {
    const again = () => {
      this.#loop = null;
      this.#after("loop", Math.min(30_000, 1_000 * 2 ** this.#retries.loop++), () => void this.#openLoop());
    };
    const loop = new LookLoop({ link: this.#shared.link, clock: this.#shared.clock, onEnd: again });
    this.#loop = loop;
    this.#shared.onSpawn();
    try {
      await loop.start();
      if (this.#over) loop.dispose();
      else for (const gateway of this.#gateways()) void this.#look(gateway, false);
    } catch {
      loop.dispose();
      if (this.#loop === loop) again();
    }
  }

  #tick(): void {
    this.#after("tick", PACE_MS[this.#pace], () => this.#tick());
    for (const gateway of this.#gateways()) if (!gateway.busy) void this.#look(gateway, false);
  }

  #lookInTime(gateway: WatchedGateway): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#shared.clock.after(LOOK_DEADLINE_MS, () => {
        gateway.publish({ sockets: null });
        resolve();
      });
      void this.#look(gateway, true).then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #look(gateway: WatchedGateway, now: boolean): Promise<void> {
    const container = gateway.running;
    if (container === null) {
      if (now) gateway.publish({ sockets: null });
      return;
    }
    // The loop is being started: the look follows then.
    if (!now && this.#loop?.alive === false) return;
    gateway.busy = true;
    try {
      const { pid } = container;
      const answer = gateway.unreadablePid === pid ? null : await this.#ask(gateway, pid, now);
      if (this.#over || gateway.running?.pid !== pid) {
        if (now) gateway.publish({ sockets: null });
      } else if (answer?.kind === "table") {
        this.#retries.loop = 0;
        gateway.publishSockets(socketsFact(answer.table, gateway.target.ports, "host-proc"));
      } else {
        if (answer?.kind === "none") this.#unreadable(gateway, pid, answer.why);
        await this.#lookInside(gateway, container.name, now);
      }
    } finally {
      gateway.busy = false;
    }
  }

  #ask(gateway: WatchedGateway, pid: number, now: boolean) {
    const at = this.#shared.clock.now();
    const more = now || at - gateway.lastMore >= MORE_MS[this.#pace];
    if (more) gateway.lastMore = at;
    const stopWaiting = this.#wait();
    // A person or a dial waits: leave time for the way round.
    return (this.#loop?.look(pid, gateway.target.ports, more, now ? LOOK_DEADLINE_MS - 500 : LOOK_DEADLINE_MS) ?? Promise.resolve(null)).finally(stopWaiting);
  }

  /** A look that is late may be a busy server or a dead line: a ping tells. @returns a function that ends the waiting */
  #wait(): () => void {
    const { clock, link, onLate } = this.#shared;
    let cancel = clock.after(LATE_MS, () => {
      link.ping();
      cancel = clock.after(MUTE_MS, () => onLate?.());
    });
    return () => cancel();
  }

  /** No such process: the container has ended, or this user may not see others' processes (hidepid, a virtual machine around docker). */
  #unreadable(gateway: WatchedGateway, pid: number, why: "gone" | "unreadable" | "bad"): void {
    if (why !== "gone" || gateway.gonePid === pid) gateway.unreadablePid = pid;
    else {
      gateway.gonePid = pid;
      this.inspectSoon(0);
    }
  }

  async #lookInside(gateway: WatchedGateway, name: string, now: boolean): Promise<void> {
    const at = this.#shared.clock.now();
    const since = at - gateway.lastExec;
    if (since < EXEC_LOOK_MS && !(now && since > 2_000)) return;
    gateway.lastExec = at;
    const text = await this.#reader.cat(name, PROC_TABLES);
    if (this.#over) return;
    const table = text === null ? null : parseProcNet(text);
    // A gateway's namespace always holds a row: the relay's, the JVM's or docker's own resolver.
    if (table === null || table.rows.length === 0) gateway.publish({ sockets: null });
    else gateway.publishSockets(socketsFact(table, gateway.target.ports, "docker-exec"));
  }
}
