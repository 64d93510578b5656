import type { SimClock } from "../sim-clock.ts";
import { Endpoint } from "./endpoint.ts";
import { type Dialing, Namespace } from "./namespace.ts";

/** Retransmissions of a SYN after 1, 3, 7, 15, 31, 63 s; given up after about 134 s (measured on Linux 6). */
const RETRANSMIT_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 71_000];

export type ConnectError = "ECONNREFUSED" | "ETIMEDOUT" | "EHOSTUNREACH";
export interface ConnectHandlers {
  readonly connected: (socket: Endpoint) => void;
  readonly failed: (code: ConnectError) => void;
  /** Effective user of the connecting process, for the table. */
  readonly uid?: number;
}

/** All namespaces of the home server, joined as Docker's bridge joins them. */
export class VirtualNet {
  readonly clock: SimClock;
  readonly namespaces = new Set<Namespace>();
  #inode = 48_200;
  readonly #listeners = new Set<(namespace: Namespace) => void>();

  constructor(clock: SimClock) {
    this.clock = clock;
  }

  onChange(listener: (namespace: Namespace) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  changed(namespace: Namespace): void {
    for (const listener of this.#listeners) listener(namespace);
  }
  newInode(): number {
    this.#inode += 3;
    return this.#inode;
  }
  add(name: string, address: string): Namespace {
    const namespace = new Namespace(this, name, address);
    this.namespaces.add(namespace);
    return namespace;
  }
  remove(namespace: Namespace): void {
    namespace.clear();
    this.namespaces.delete(namespace);
  }

  /** The namespace that owns the address, as seen from `from`. */
  owner(from: Namespace, host: string): Namespace | null {
    if (host === "localhost" || host === "::1" || host.startsWith("127.") || host === from.address) return from;
    for (const namespace of this.namespaces) if (namespace.address === host) return namespace;
    return null;
  }

  /** @returns a function that gives up (the SYN is no longer sent) */
  connect(from: Namespace, host: string, port: number, handlers: ConnectHandlers): () => void {
    const target = this.owner(from, host);
    const loopback = target === from && host !== from.address;
    const fromAddress = loopback ? "127.0.0.1" : from.address;
    const toAddress = loopback ? "127.0.0.1" : (target?.address ?? host);
    const uid = handlers.uid ?? 1000;
    const dialing: Dialing = {
      local: { address: fromAddress, port: from.ephemeralPort() },
      remote: { address: toAddress, port },
      inode: this.newInode(),
      uid,
    };
    let over = false;
    let cancelTimer: () => void = () => undefined;
    const finish = (run: () => void) => {
      if (over) return;
      over = true;
      cancelTimer();
      from.dialing.delete(dialing);
      from.changed();
      run();
    };
    const attempt = (retry: number) => {
      if (over) return;
      const current = target === null ? null : this.#reachable(target, host, port, loopback);
      if (target === null) return finish(() => handlers.failed("EHOSTUNREACH"));
      if (current === null) return finish(() => handlers.failed("ECONNREFUSED"));
      if (!current.full) {
        const client = new Endpoint({ namespace: from, family: 4, local: dialing.local, remote: dialing.remote, uid });
        const server = new Endpoint({ namespace: target, family: current.options.family, local: dialing.remote, remote: dialing.local, uid: current.uid });
        client.join(server);
        server.join(client);
        client.inode = dialing.inode;
        return finish(() => {
          from.addEndpoint(client);
          current.offer(server);
          handlers.connected(client);
        });
      }
      target.listenOverflows += 1;
      target.listenDrops += 1;
      if (retry === 0) from.dialing.add(dialing);
      target.changed();
      from.changed();
      const wait = RETRANSMIT_MS[retry];
      if (wait === undefined) return finish(() => handlers.failed("ETIMEDOUT"));
      cancelTimer = this.clock.after(wait, () => attempt(retry + 1));
    };
    setImmediate(() => attempt(0));
    return () => finish(() => undefined);
  }

  #reachable(target: Namespace, host: string, port: number, loopback: boolean) {
    const listener = target.listenerAt(port);
    if (listener === null) return null;
    const bound = listener.options.address;
    if (host === "::1" && listener.options.family === 4) return null;
    if ((bound === "127.0.0.1" || bound === "::1") && !loopback) return null;
    return listener;
  }
}
