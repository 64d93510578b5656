import type { Endpoint } from "./endpoint.ts";
import type { Listener } from "./listener.ts";
import type { Namespace } from "./namespace.ts";

export interface RelayOptions {
  readonly port: number;
  readonly address: string;
  readonly targetHost: string;
  readonly targetPort: number;
  /** Where the relay dials from; default: where it listens. docker-proxy listens on the host and dials into the container. */
  readonly via?: Namespace;
  readonly uid?: number;
  /** One line of the relay's own complaints. */
  readonly log?: (line: string) => void;
}

/** socat's default -t: what it waits for the other direction after an end of file. */
const LINGER_MS = 500;

/**
 * `socat TCP-LISTEN:port,fork TCP:host:port`: accepts for whoever is behind it, dials after accepting, ends the client's side at once when
 * refused and after some 130 s when its SYN goes unanswered (it sits in connect() and does not notice a client that left).
 * docker-proxy behaves the same from outside.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #from: Namespace;
  readonly #clients = new Set<Endpoint>();
  readonly #giveUps = new Set<() => void>();
  readonly #listener: Listener;
  #child = 400;

  /** @throws Error EADDRINUSE */
  constructor(namespace: Namespace, options: RelayOptions) {
    this.#options = options;
    this.#from = options.via ?? namespace;
    this.#listener = namespace.listen({
      port: options.port,
      family: 4,
      address: options.address,
      backlog: 5,
      uid: options.uid ?? 1000,
      onConnection: (client) => this.#serve(client),
    });
  }

  get listener(): Listener {
    return this.#listener;
  }

  /** The parent stops listening; `all` ends its children (the connections) too. */
  close(all = true): void {
    this.#listener.close();
    if (!all) return;
    for (const giveUp of this.#giveUps) giveUp();
    for (const client of this.#clients) client.destroy();
  }

  #serve(client: Endpoint): void {
    const child = ++this.#child;
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    const { targetHost, targetPort } = this.#options;
    const complain = (text: string) => this.#options.log?.(`socat[${child}] E connect(5, AF=2 ${targetHost}:${targetPort}, 16): ${text}`);
    const giveUp = this.#from.net.connect(this.#from, targetHost, targetPort, {
      uid: this.#options.uid ?? 1000,
      connected: (upstream) => {
        this.#giveUps.delete(giveUp);
        if (client.destroyed) {
          upstream.destroy();
          return;
        }
        this.#join(client, upstream);
      },
      failed: (code) => {
        this.#giveUps.delete(giveUp);
        complain(code === "ETIMEDOUT" ? "Connection timed out" : code === "EHOSTUNREACH" ? "No route to host" : "Connection refused");
        client.end();
        client.destroy();
      },
    });
    this.#giveUps.add(giveUp);
  }

  #join(client: Endpoint, upstream: Endpoint): void {
    const clock = this.#from.net.clock;
    const linger = () => {
      clock.after(LINGER_MS, () => {
        client.destroy();
        upstream.destroy();
      });
    };
    client.once("end", linger);
    upstream.once("end", linger);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  }
}
