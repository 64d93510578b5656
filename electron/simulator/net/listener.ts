import type { Endpoint } from "./endpoint.ts";
import type { Namespace } from "./namespace.ts";

export interface ListenOptions {
  readonly port: number;
  readonly family: 4 | 6;
  /** "0.0.0.0", "::", "127.0.0.1" … */
  readonly address: string;
  /** Java's default is 50: one more than that fits in the queue before SYNs go unanswered. */
  readonly backlog?: number;
  readonly uid?: number;
  readonly onConnection: (socket: Endpoint) => void;
}

/** A listening socket with the kernel's accept queue. */
export class Listener {
  readonly namespace: Namespace;
  readonly options: ListenOptions;
  readonly inode: number;
  readonly queue: Endpoint[] = [];
  readonly accepted = new Set<Endpoint>();
  #paused = false;
  #frozen = false;
  #closed = false;

  constructor(namespace: Namespace, options: ListenOptions, inode: number) {
    this.namespace = namespace;
    this.options = options;
    this.inode = inode;
  }

  get closed(): boolean {
    return this.#closed;
  }
  get paused(): boolean {
    return this.#paused || this.#frozen;
  }
  get uid(): number {
    return this.options.uid ?? 1000;
  }
  /** Linux: sk_ack_backlog > sk_max_ack_backlog. */
  get full(): boolean {
    return this.queue.length > (this.options.backlog ?? 50);
  }

  /** A connection whose handshake the kernel completed. */
  offer(socket: Endpoint): void {
    this.queue.push(socket);
    this.namespace.addEndpoint(socket);
    setImmediate(() => this.#accept());
  }

  /** Nobody calls accept() while paused; what was accepted before lives on. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#accept();
    this.namespace.changed();
  }

  /** SIGSTOP: no accept, and no byte is read from what was accepted. */
  setFrozen(frozen: boolean): void {
    this.#frozen = frozen;
    for (const socket of this.accepted) socket.setFrozen(frozen);
    this.#accept();
    this.namespace.changed();
  }

  /** Connections still in the queue are reset, as the kernel does; accepted ones are their owner's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.namespace.listeners.delete(this);
    for (const socket of this.queue.splice(0)) socket.reset();
    this.namespace.changed();
  }

  #accept(): void {
    while (!this.paused && !this.#closed) {
      const socket = this.queue.shift();
      if (socket === undefined) return;
      if (!socket.destroyed) {
        socket.inode = this.namespace.net.newInode();
        this.accepted.add(socket);
        socket.once("close", () => this.accepted.delete(socket));
        this.options.onConnection(socket);
      }
      this.namespace.changed();
    }
  }
}
