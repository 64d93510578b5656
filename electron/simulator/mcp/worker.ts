import { encodeFrame } from "../gateway/frames.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { Namespace } from "../net/namespace.ts";
import type { SimClock } from "../sim-clock.ts";

export interface WorkerOptions {
  readonly namespace: Namespace;
  readonly clock: SimClock;
  readonly clientId: number;
  readonly target: () => { readonly host: string; readonly port: number };
  readonly onChange: (connected: boolean) => void;
}

/** Fields of message 9, version 1, id 1. */
const NEXT_VALID_ID = ["9", "1", "1", ""].join("\0");
const TIMEOUT_MS = 10_000;
const RETRY_MS = 30_000;

/** One stdio worker of the MCP server: holds a connection to the gateway's API and tries again for ever, as such programs do. */
export class McpWorker {
  readonly #options: WorkerOptions;
  #socket: Endpoint | null = null;
  #cancelDial: () => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #stopped = true;
  connected = false;
  restarts = 0;
  failures = 0;
  lastSuccessAt: number | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  get clientId(): number {
    return this.#options.clientId;
  }
  get alive(): boolean {
    return !this.#stopped;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#drop();
  }

  restart(): void {
    this.stop();
    this.restarts += 1;
    this.start();
  }

  #drop(): void {
    this.#cancelTimer();
    this.#cancelDial();
    this.#socket?.destroy();
    this.#socket = null;
    if (this.connected) {
      this.connected = false;
      this.#options.onChange(false);
    }
  }

  #retry(): void {
    this.#drop();
    this.failures += 1;
    if (!this.#stopped) this.#cancelTimer = this.#options.clock.after(RETRY_MS, () => this.#connect());
  }

  #connect(): void {
    const { host, port } = this.#options.target();
    const { namespace, clock, clientId } = this.#options;
    this.#cancelTimer = clock.after(TIMEOUT_MS, () => this.#retry());
    this.#cancelDial = namespace.net.connect(namespace, host, port, {
      uid: 0,
      failed: () => this.#retry(),
      connected: (socket) => {
        this.#socket = socket;
        socket.once("close", () => {
          if (this.#socket === socket) this.#retry();
        });
        socket.once("end", () => socket.destroy());
        socket.write(Buffer.concat([Buffer.from("API\0\0\0\0\x09v100..176")]));
        let seen = "";
        let started = false;
        socket.on("data", (chunk: Buffer) => {
          if (this.connected) return;
          seen = (seen + chunk.toString("latin1")).slice(-4096);
          if (!started) {
            started = true;
            socket.write(encodeFrame([71, 2, clientId, ""]));
          }
          // nextValidId
          if (seen.includes(NEXT_VALID_ID)) this.#ready();
        });
      },
    });
  }

  #ready(): void {
    this.#cancelTimer();
    this.connected = true;
    this.failures = 0;
    this.lastSuccessAt = this.#options.clock.now();
    this.#options.onChange(true);
  }
}
