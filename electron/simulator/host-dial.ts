import type { Home, HomeGateway } from "./home.ts";
import type { Endpoint } from "./net/endpoint.ts";
import type { Namespace } from "./net/namespace.ts";

/** What arrived at one gateway's API from outside its stack: the program under test, as the server sees it. */
export interface ApiTraffic {
  connects: number;
  open: number;
  maxOpen: number;
  /** Dials made while the accept queue held anyone. */
  duringQueue: number;
  /** Times (ms since the epoch) of every dial. */
  readonly times: number[];
}

/** TCP from the server itself: what sshd does for direct-tcpip. */
export class HostDial {
  readonly traffic = new Map<string, ApiTraffic>();
  readonly #home: Home;
  readonly #open = new Set<Endpoint>();

  constructor(home: Home) {
    this.#home = home;
    for (const gateway of home.gateways) this.traffic.set(gateway.id, { connects: 0, open: 0, maxOpen: 0, duringQueue: 0, times: [] });
  }

  /** @throws Error with the text that sshd would give */
  dial(host: string, port: number): Promise<Endpoint> {
    const from: Namespace = this.#home.host;
    const traffic = this.#apiTraffic(host, port);
    return new Promise((resolve, reject) => {
      if (!/^[\d.]+$|^localhost$|^::1$|:/.test(host) && host !== "linuxserver.lan") {
        reject(new Error("Name or service not known"));
        return;
      }
      if (traffic !== null) {
        traffic.counters.connects += 1;
        traffic.counters.times.push(this.#home.clock.now());
        if ((traffic.gateway.gateway?.api.listener?.queue.length ?? 0) > 0) traffic.counters.duringQueue += 1;
      }
      from.net.connect(from, host === "linuxserver.lan" ? "127.0.0.1" : host, port, {
        uid: 0,
        connected: (socket) => {
          this.#open.add(socket);
          if (traffic !== null) {
            traffic.counters.open += 1;
            traffic.counters.maxOpen = Math.max(traffic.counters.maxOpen, traffic.counters.open);
          }
          socket.once("close", () => {
            this.#open.delete(socket);
            if (traffic !== null) traffic.counters.open -= 1;
          });
          resolve(socket);
        },
        failed: (code) =>
          reject(new Error(code === "ECONNREFUSED" ? "Connection refused" : code === "ETIMEDOUT" ? "Connection timed out" : "No route to host")),
      });
    });
  }

  dispose(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #apiTraffic(host: string, port: number): { counters: ApiTraffic; gateway: HomeGateway } | null {
    for (const gateway of this.#home.gateways) {
      const container = this.#home.engine.containers.get(gateway.container);
      if (container === undefined) continue;
      const moved = gateway.gateway?.api.listener?.options.port ?? 0;
      const ports = gateway.mode === "paper" ? [4004, 4002, moved] : [4003, 4001, moved];
      const direct = host === container.namespace.address && ports.includes(port);
      const published = container.spec.published.some((item) => item.hostPort === port && ports.includes(item.containerPort));
      const counters = this.traffic.get(gateway.id);
      if (counters !== undefined && (direct || (published && host !== container.namespace.address))) return { counters, gateway };
    }
    return null;
  }
}
