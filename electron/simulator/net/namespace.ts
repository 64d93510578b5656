import { Endpoint } from "./endpoint.ts";
import { Listener, type ListenOptions } from "./listener.ts";
import type { VirtualNet } from "./virtual-net.ts";

/** A row that no socket of ours stands behind: the line to IBKR, Docker's DNS. */
export interface FixedRow {
  readonly family: 4 | 6;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: number;
  readonly uid: number;
}

/** A connect() whose SYN is on its way. */
export interface Dialing {
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly inode: number;
  readonly uid: number;
}

/** A network namespace: the host's or a container's. */
export class Namespace {
  readonly net: VirtualNet;
  readonly name: string;
  readonly address: string;
  readonly listeners = new Set<Listener>();
  readonly endpoints = new Set<Endpoint>();
  readonly dialing = new Set<Dialing>();
  readonly fixed = new Set<FixedRow>();
  /** Paths of listening Unix sockets. */
  readonly unixSockets = new Set<string>();
  listenOverflows = 0;
  listenDrops = 0;
  #nextPort: number;

  constructor(net: VirtualNet, name: string, address: string) {
    this.net = net;
    this.name = name;
    this.address = address;
    this.#nextPort = 34_000 + ((address.charCodeAt(address.length - 1) * 613) % 8_000);
  }

  changed(): void {
    this.net.changed(this);
  }

  ephemeralPort(): number {
    this.#nextPort = this.#nextPort >= 60_000 ? 34_000 : this.#nextPort + 2;
    return this.#nextPort;
  }

  /** @throws Error EADDRINUSE */
  listen(options: ListenOptions): Listener {
    if (this.listenerAt(options.port) !== null) throw Object.assign(new Error(`bind: address already in use :${options.port}`), { code: "EADDRINUSE" });
    const listener = new Listener(this, options, this.net.newInode());
    this.listeners.add(listener);
    this.changed();
    return listener;
  }

  listenerAt(port: number): Listener | null {
    for (const listener of this.listeners) if (listener.options.port === port) return listener;
    return null;
  }

  addEndpoint(endpoint: Endpoint): void {
    // Not every table is ever read, and a row keeps a connection with all its buffers.
    this.sweep(this.net.clock.now());
    this.endpoints.add(endpoint);
    endpoint.once("close", () => this.changed());
    this.changed();
  }

  /** Drops rows that the kernel would have dropped. */
  sweep(now: number): void {
    for (const endpoint of this.endpoints) if (endpoint.kernelState(now) === null) this.endpoints.delete(endpoint);
  }

  /** The container ends: every socket of it is gone. */
  clear(): void {
    for (const listener of [...this.listeners]) listener.close();
    for (const endpoint of [...this.endpoints]) endpoint.destroy();
    this.endpoints.clear();
    this.dialing.clear();
    this.fixed.clear();
    this.unixSockets.clear();
    this.listenOverflows = 0;
    this.listenDrops = 0;
    this.changed();
  }
}

export { Endpoint };
