import { createHash } from "node:crypto";
import type { Namespace } from "../net/namespace.ts";
import type { SimClock } from "../sim-clock.ts";
import { LogStore } from "./log-store.ts";

export interface PublishedPort {
  readonly containerPort: number;
  readonly hostAddress: string;
  readonly hostPort: number;
}
export interface ProcessRow {
  readonly pid: number;
  readonly stat: string;
  readonly comm: string;
  readonly args: string;
}
export interface Mount {
  readonly type: "volume" | "bind";
  readonly name: string;
  readonly source: string;
  readonly destination: string;
}
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly networkGateway: string;
  readonly published: readonly PublishedPort[];
  readonly exposed: readonly number[];
  readonly mounts: readonly Mount[];
  readonly restartPolicy: "always" | "unless-stopped" | "no";
  readonly command: readonly string[];
}

/** What runs inside. It tells its container when it ends by itself; `kill` ends it without a word. */
export interface ContainerProgram {
  /** @param ageMs how long (simulated) it is to have run already: what lies before is written as history */
  start(ageMs: number): void;
  kill(): void;
  /** @param firstPid of the container's first process on the host */
  processes(firstPid: number): ProcessRow[];
  /** Text of a file inside, `null` where there is none. */
  file(path: string): string | null;
  /** Ends every process of that name. @returns how many there were */
  killProcess(comm: string, signal: string): number;
  /** Starts a further process inside (x11vnc after its death). @returns false if it is not known */
  startProcess(argv: readonly string[]): boolean;
}

export type ContainerStatus = "created" | "running" | "restarting" | "exited";

/** Docker waits 100 ms before the first restart, doubling up to a minute. */
const FIRST_BACKOFF_MS = 100;

let nextPid = 3_187;

export class Container {
  readonly spec: ContainerSpec;
  readonly log = new LogStore();
  readonly namespace: Namespace;
  readonly createdAt: number;
  readonly id: string;
  readonly imageId: string;
  status: ContainerStatus = "created";
  pid = 0;
  exitCode = 0;
  oomKilled = false;
  error = "";
  restartCount = 0;
  startedAt: number | null = null;
  finishedAt: number | null = null;
  program: ContainerProgram | null = null;
  readonly #clock: SimClock;
  readonly #events: (container: Container, action: string) => void;
  #backoff = FIRST_BACKOFF_MS;
  #cancelRestart: () => void = () => undefined;

  constructor(
    spec: ContainerSpec,
    options: { namespace: Namespace; clock: SimClock; createdAt: number; imageId: string; events: (container: Container, action: string) => void },
  ) {
    this.spec = spec;
    this.namespace = options.namespace;
    this.#clock = options.clock;
    this.#events = options.events;
    this.createdAt = options.createdAt;
    this.imageId = options.imageId;
    this.id = createHash("sha256").update(`${spec.name} ${options.createdAt}`).digest("hex");
  }

  get running(): boolean {
    return this.status === "running";
  }

  /** @param ageMs simulated milliseconds since its start; 0: now */
  start(ageMs = 0): void {
    if (this.running || this.program === null) return;
    this.#cancelRestart();
    nextPid += 37;
    this.pid = nextPid;
    this.status = "running";
    this.exitCode = 0;
    this.oomKilled = false;
    this.startedAt = this.#clock.now() - ageMs;
    this.namespace.fixed.add({
      family: 4,
      local: { address: "127.0.0.11", port: 38_211 },
      remote: { address: "0.0.0.0", port: 0 },
      state: 0x0a,
      uid: 0,
    });
    this.#events(this, "start");
    this.program.start(ageMs);
  }

  /** The program ended by itself, or by a signal from outside Docker. */
  exited(code: number, options: { oom?: boolean } = {}): void {
    if (!this.running) return;
    this.#end(code, options.oom === true);
    if (this.spec.restartPolicy === "no") return;
    this.status = "restarting";
    const wait = this.#backoff;
    this.#backoff = Math.min(60_000, this.#backoff * 2);
    this.#cancelRestart = this.#clock.after(wait, () => {
      this.restartCount += 1;
      this.start();
    });
  }

  /** docker stop: TERM, after a while KILL. */
  stop(code = 143): void {
    this.#cancelRestart();
    this.#backoff = FIRST_BACKOFF_MS;
    if (this.running) {
      this.#events(this, "kill");
      this.#end(code, false);
      this.#events(this, "stop");
    }
    if (this.status === "restarting") this.status = "exited";
  }

  dispose(): void {
    this.#cancelRestart();
    if (this.running) this.program?.kill();
    this.status = "exited";
  }

  #end(code: number, oom: boolean): void {
    this.program?.kill();
    this.namespace.clear();
    this.status = "exited";
    this.exitCode = code;
    this.oomKilled = oom;
    this.pid = 0;
    this.finishedAt = this.#clock.now();
    if (oom) this.#events(this, "oom");
    this.#events(this, "die");
  }
}
