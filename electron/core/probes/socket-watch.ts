import { BEAT } from "../clock.ts";
import type { DockerReader } from "./docker-reader.ts";
import { LookLoop } from "./look-loop.ts";
import { parseProcNet } from "./proc-net.ts";
import { ScreenPulse } from "./screen-pulse.ts";
import type { WatchShared } from "./server-watch.ts";
import { socketsFact } from "./sockets-fact.ts";
import { Timers } from "./timers.ts";
import type { WatchedGateway } from "./watched-gateway.ts";

export type Pace = "calm" | "alert";

const PACE = { calm: BEAT, alert: { ms: 950, slackMs: 50 } } as const;
/** netstat and unix are long tables and change seldom. */
const MORE_MS = { calm: 15_000, alert: 4_000 } as const;
const LOOK_DEADLINE_MS = 5_000;
/** A look takes some milliseconds and a round trip. */
const LATE_MS = 300;
/** A ping unanswered for so long is news. */
const MUTE_MS = 1_250;
const EXEC_LOOK_MS = 10_000;
const PROC_TABLES = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/netstat", "/proc/net/unix"] as const;

export interface SocketWatchPorts {
  readonly shared: WatchShared;
  readonly reader: DockerReader;
  readonly gateways: () => readonly WatchedGateway[];
  /** A process that was there is gone: docker knows more. */
  readonly onGone: () => void;
}

/** Looks at the sockets of all gateways at a pace, through one loop on the server; where that cannot read them, through docker exec. */
export class SocketWatch {
  readonly #ports: SocketWatchPorts;
  readonly #timers: Timers;
  readonly #pulses = new WeakMap<WatchedGateway, ScreenPulse>();
  #pace: Pace;
  #loop: LookLoop | null = null;
  #retries = 0;
  #over = false;

  constructor(ports: SocketWatchPorts, pace: Pace) {
    this.#ports = ports;
    this.#pace = pace;
    this.#timers = new Timers(ports.shared.clock);
  }

  start(): void {
    void this.#openLoop();
    this.#tick();
  }

  setPace(pace: Pace): void {
    if (pace === this.#pace) return;
    this.#pace = pace;
    this.#tick();
  }

  async lookNow(gateways: readonly WatchedGateway[]): Promise<void> {
    await Promise.all(gateways.map((gateway) => this.#lookInTime(gateway)));
  }

  /** @param now a person or a dial waits for it: what cannot be read becomes "not known" */
  async look(gateway: WatchedGateway, now: boolean): Promise<void> {
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
        this.#retries = 0;
        gateway.noteJava(answer.table.java ?? null);
        const screen = this.#pulseOf(gateway).take(answer.table.screen, this.#ports.shared.clock.now());
        gateway.publishSockets(socketsFact(answer.table, gateway.target.ports, "host-proc", screen));
      } else {
        if (answer?.kind === "none") this.#unreadable(gateway, pid, answer.why);
        await this.#lookInside(gateway, container.name, now);
      }
    } finally {
      gateway.busy = false;
    }
  }

  dispose(): void {
    this.#over = true;
    this.#timers.dispose();
    this.#loop?.dispose();
  }

  #pulseOf(gateway: WatchedGateway): ScreenPulse {
    const pulse = this.#pulses.get(gateway) ?? new ScreenPulse();
    this.#pulses.set(gateway, pulse);
    return pulse;
  }

  async #openLoop(): Promise<void> {
    const { shared, gateways } = this.#ports;
    const again = () => {
      this.#loop = null;
      this.#timers.after("loop", Math.min(30_000, 1_000 * 2 ** this.#retries++), () => void this.#openLoop());
    };
    const loop = new LookLoop({ link: shared.link, clock: shared.clock, onEnd: again });
    this.#loop = loop;
    shared.onSpawn();
    try {
      await loop.start();
      if (this.#over) loop.dispose();
      else for (const gateway of gateways()) void this.look(gateway, false);
    } catch {
      loop.dispose();
      if (this.#loop === loop) again();
    }
  }

  #tick(): void {
    const { ms, slackMs } = PACE[this.#pace];
    this.#timers.after("tick", ms, () => this.#tick(), slackMs);
    for (const gateway of this.#ports.gateways()) if (!gateway.busy) void this.look(gateway, false);
  }

  #lookInTime(gateway: WatchedGateway): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.shared.clock.after(LOOK_DEADLINE_MS, () => {
        gateway.publish({ sockets: null });
        resolve();
      });
      void this.look(gateway, true).then(() => {
        cancel();
        resolve();
      });
    });
  }

  #ask(gateway: WatchedGateway, pid: number, now: boolean) {
    const at = this.#ports.shared.clock.now();
    const more = now || at - gateway.lastMore >= MORE_MS[this.#pace];
    if (more) gateway.lastMore = at;
    const stopWaiting = this.#wait();
    // A person or a dial waits: leave time for the way round.
    return (this.#loop?.look(pid, gateway.target.ports, more, now ? LOOK_DEADLINE_MS - 500 : LOOK_DEADLINE_MS) ?? Promise.resolve(null)).finally(stopWaiting);
  }

  /** A look that is late may be a busy server or a dead line: a ping tells. @returns a function that ends the waiting */
  #wait(): () => void {
    const { clock, link, onLate } = this.#ports.shared;
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
      this.#ports.onGone();
    }
  }

  async #lookInside(gateway: WatchedGateway, name: string, now: boolean): Promise<void> {
    const at = this.#ports.shared.clock.now();
    const since = at - gateway.lastExec;
    if (since < EXEC_LOOK_MS && !(now && since > 2_000)) return;
    gateway.lastExec = at;
    const text = await this.#ports.reader.cat(name, PROC_TABLES);
    if (this.#over) return;
    const table = text === null ? null : parseProcNet(text);
    // A gateway's namespace always holds a row: the relay's, the JVM's or docker's own resolver.
    if (table === null || table.rows.length === 0) gateway.publish({ sockets: null });
    else gateway.publishSockets(socketsFact(table, gateway.target.ports, "docker-exec"));
  }
}
