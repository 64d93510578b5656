import { createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../../clock.ts";
import type { HostAddress, HostLink } from "../host-link.ts";
import { settle } from "../settle.ts";
import { joinStreams } from "./join-streams.ts";
import { listenFault, mayBeHeld } from "./listen-fault.ts";
import { portHolder } from "./port-holder.ts";

export interface ForwardOptions {
  readonly link: Pick<HostLink, "dial">;
  /** Where it leads now, as seen from the server; `null`: not known, connections are closed. Asked anew for each connection. */
  readonly address: () => HostAddress | null;
  /** Port on 127.0.0.1; 0 lets the system choose. */
  readonly localPort: number;
  readonly clock?: Clock;
  /** How long the server may take to connect (ms). Default 8 s. */
  readonly dialDeadlineMs?: number;
  /** Who has a port of this machine; `null`: not known. */
  readonly holderOf?: (port: number) => Promise<string | null>;
}

export interface ForwardReport {
  readonly state: "off" | "listening" | "failed";
  /** The port listened on; `null` unless listening. */
  readonly localPort: number | null;
  /** Why it failed, or why the last connection did; empty while all is well. */
  readonly detail: string;
  /** Open now. */
  readonly connections: number;
  /** From the server to this machine, since the start. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A port of this machine that leads through the link, for programs other than Gatelight. */
export interface Forward {
  readonly report: ForwardReport;
  /** Called on every change, bytes at most once a second. @returns an unsubscribe function */
  onReport(listener: (report: ForwardReport) => void): () => void;
  /** Listens; resolves when it does or cannot: then `report.state` is `failed`, and it is tried again until it can. Never throws. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

const MAX_CONNECTIONS = 64;
const DIAL_MS = 8_000;
/** A taken port is reported without its holder after this. Two programs of 2 s each may be asked, one after the other. */
const HOLDER_MS = 5_000;
/** A port that could not be had is tried again after this: whoever holds it may end. */
const AGAIN_MS = 5_000;
/** So much may wait in each direction of a connection before whoever sends is held back. */
const HELD_BYTES = 512 * 1024;
const TELL_MS = 1_000;

export function createForward(options: ForwardOptions): Forward {
  return new LocalForward(options);
}

/** What changes seldom; bytes are counted beside it. */
type Standing = Omit<ForwardReport, "bytesIn" | "bytesOut">;

class LocalForward implements Forward {
  readonly #options: ForwardOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<(report: ForwardReport) => void>();
  readonly #open = new Set<Socket>();
  readonly #life = new AbortController();
  #server: Server | null = null;
  #report: Standing = { state: "off", localPort: null, detail: "", connections: 0 };
  #bytesIn = 0;
  #bytesOut = 0;
  #cancelTell: (() => void) | null = null;
  #cancelAgain: (() => void) | null = null;
  /** The failure that is told of: while it stays the same, nobody is asked anew who holds the port. */
  #fault: string | null = null;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get report(): ForwardReport {
    return { ...this.#report, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  onReport(listener: (report: ForwardReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    if (this.#server !== null || this.#life.signal.aborted) return Promise.resolve();
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true, highWaterMark: HELD_BYTES }, (socket) => void this.#serve(socket));
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    return new Promise((resolve) => {
      server.on("error", (error: NodeJS.ErrnoException) => {
        this.#server = null;
        server.close();
        void this.#failed(error).then(resolve);
      });
      // This machine only: whoever can reach the port can reach the gateway.
      server.listen({ host: "127.0.0.1", port: this.#options.localPort, exclusive: true }, () => {
        const address = server.address();
        const localPort = typeof address === "object" && address !== null ? address.port : this.#options.localPort;
        this.#fault = null;
        this.#set({ state: "listening", localPort, detail: "" });
        resolve();
      });
    });
  }

  async dispose(): Promise<void> {
    this.#life.abort();
    this.#cancelTell?.();
    this.#cancelAgain?.();
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#set({ state: "off", localPort: null, detail: "", connections: 0 });
    this.#listeners.clear();
  }

  async #failed(error: NodeJS.ErrnoException): Promise<void> {
    const fault = error.code ?? error.message;
    if (fault !== this.#fault) {
      this.#fault = fault;
      const detail = await this.#describe(error);
      if (this.#life.signal.aborted) return;
      this.#set({ state: "failed", localPort: null, detail });
    }
    this.#cancelAgain?.();
    if (!this.#life.signal.aborted) this.#cancelAgain = this.#clock.after(AGAIN_MS, () => void this.start());
  }

  async #describe(error: NodeJS.ErrnoException): Promise<string> {
    const held = mayBeHeld(error.code, process.platform);
    return listenFault(error, this.#options.localPort, held ? await this.#holder() : null, process.platform);
  }

  /** A taken port is reported without its holder rather than late or not at all. */
  #holder(): Promise<string | null> {
    const { localPort, holderOf = portHolder } = this.#options;
    const limits = { clock: this.#clock, deadlineMs: HOLDER_MS, signal: this.#life.signal };
    const failing = { onTimeout: () => new Error("late"), onAbort: () => new Error("disposed") };
    return settle<string | null>({ ...limits, ...failing }, (resolve, reject) => void holderOf(localPort).then(resolve, reject)).catch(() => null);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#open.add(socket);
    this.#set({ connections: this.#open.size });
    socket.on("error", () => {});
    const gone = new AbortController();
    socket.once("close", () => {
      gone.abort();
      this.#open.delete(socket);
      this.#set({ connections: this.#open.size });
    });
    const address = this.#options.address();
    if (address === null) {
      socket.destroy();
      this.#set({ detail: "A connection was closed: where it leads is not known now." });
      return;
    }
    try {
      const remote = await this.#options.link.dial(address, {
        deadlineMs: this.#options.dialDeadlineMs ?? DIAL_MS,
        signal: AbortSignal.any([this.#life.signal, gone.signal]),
      });
      if (this.#report.detail !== "") this.#set({ detail: "" });
      joinStreams(socket, remote, (bytesIn, bytesOut) => this.#count(bytesIn, bytesOut));
    } catch (error) {
      socket.destroy();
      if (!gone.signal.aborted && error instanceof Error) this.#set({ detail: error.message });
    }
  }

  #count(bytesIn: number, bytesOut: number): void {
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
    this.#cancelTell ??= this.#clock.after(TELL_MS, () => {
      this.#cancelTell = null;
      this.#set({});
    });
  }

  #set(change: Partial<Standing>): void {
    this.#report = { ...this.#report, ...change };
    const report = this.report;
    for (const listener of [...this.#listeners]) listener(report);
  }
}
