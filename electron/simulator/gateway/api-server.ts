import type { Endpoint } from "../net/endpoint.ts";
import type { Listener } from "../net/listener.ts";
import type { Namespace } from "../net/namespace.ts";
import type { SimClock } from "../sim-clock.ts";
import { ApiConnection } from "./api-connection.ts";
import { FARMS, farmNotice } from "./farms.ts";
import type { ApiSettings, GatewayPlan } from "./plan.ts";
import { Portfolio } from "./portfolio.ts";

export interface ApiServerOptions {
  readonly namespace: Namespace;
  readonly clock: SimClock;
  readonly plan: GatewayPlan;
  readonly settings: () => ApiSettings;
  /** A client waits for a person to accept it. */
  readonly onDialog: (open: boolean) => void;
  readonly onChange: () => void;
}

/** The API port of one JVM: its listener, its clients, and the dialog that may stand between them. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly connections = new Set<ApiConnection>();
  readonly #portfolios = new Map<string, Portfolio>();
  readonly #waiting = new Set<Endpoint>();
  #listener: Listener | null = null;
  /** Every connection that the JVM accepted. */
  acceptedTotal = 0;
  writes = 0;
  malformed = 0;

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  get listener(): Listener | null {
    return this.#listener;
  }
  get dialogWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Listens as a JVM does: one IPv6 socket for both families, backlog 50. */
  open(): void {
    const { namespace, plan, settings } = this.#options;
    if (this.#listener !== null) return;
    const listener = namespace.listen({
      port: plan.portOverride ?? settings().socketPort,
      family: 6,
      address: "::",
      backlog: 50,
      onConnection: (socket) => this.#accept(socket),
    });
    this.#listener = listener;
    this.apply();
    this.#options.onChange();
  }

  /** Takes up what the plan says now. */
  apply(): void {
    this.#listener?.setPaused(this.#options.plan.acceptStopped);
    this.#listener?.setFrozen(this.#options.plan.hung !== null);
  }

  /** What Apply in the settings dialog does: a fresh listener. That ends a wedge, whatever was ticked. */
  reopen(): void {
    if (this.#listener === null) return;
    this.#listener.close();
    this.#listener = null;
    this.#options.plan.acceptStopped = false;
    this.open();
  }

  /** The socket port was changed while clients are connected: 1300, then close. */
  portChanged(port: number): void {
    for (const connection of this.connections) {
      connection.notice(1300, `Socket port has been reset and this connection is being dropped. Please reconnect on the new port - ${port}`);
      connection.close();
    }
    this.reopen();
  }

  close(): void {
    this.#listener?.close();
    this.#listener = null;
    for (const connection of this.connections) connection.close();
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
    this.connections.clear();
    this.#options.onChange();
  }

  /** Every client loses its connection; the listener stays as it is. */
  dropAll(): void {
    for (const connection of this.connections) connection.close();
  }

  notice(code: number, text: string): void {
    for (const connection of this.connections) connection.notice(code, text);
  }

  farmNotices(name: string, ok: boolean): void {
    const farm = FARMS.find((candidate) => candidate.name === name);
    if (farm !== undefined) this.notice(...farmNotice(farm, ok));
  }

  /** The person's answer to "Accept incoming connection?". */
  answerDialog(accept: boolean): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const socket of waiting) {
      if (accept && !socket.destroyed) this.#serve(socket);
      else socket.end();
    }
    this.#options.onDialog(false);
  }

  tick(): void {
    if (this.connections.size === 0) return;
    if (this.#options.plan.api.marketOpen) for (const portfolio of this.#portfolios.values()) portfolio.tick();
    for (const connection of this.connections) connection.tick();
  }

  portfolio(account: string): Portfolio | null {
    const { plan } = this.#options;
    const index = plan.accounts.indexOf(account);
    if (index < 0) return null;
    const known = this.#portfolios.get(account);
    if (known !== undefined) return known;
    const live = plan.tradingMode === "live";
    const made = new Portfolio(index * 97 + (live ? 11 : 7), index === 0 ? (live ? 2 : 1) : 1, index === 0 ? undefined : 4);
    this.#portfolios.set(account, made);
    return made;
  }

  #accept(socket: Endpoint): void {
    const { plan, settings } = this.#options;
    this.acceptedTotal += 1;
    const remote = socket.init.remote.address;
    const local = remote.startsWith("127.");
    if (settings().localhostOnly && !local) {
      socket.end();
      socket.resume();
      return;
    }
    if (plan.acceptDialog) {
      this.#waiting.add(socket);
      socket.once("close", () => this.#waiting.delete(socket));
      if (this.#waiting.size === 1) this.#options.onDialog(true);
      return;
    }
    this.#serve(socket);
  }

  #serve(socket: Endpoint): void {
    const { plan, clock, settings } = this.#options;
    const connection = new ApiConnection(socket, {
      clock,
      plan,
      readOnly: () => settings().readOnly,
      portfolio: (account) => this.portfolio(account),
      connections: this.connections,
      onWrite: () => {
        this.writes += 1;
      },
      onMalformed: () => {
        this.malformed += 1;
      },
    });
    this.connections.add(connection);
    this.#options.onChange();
    socket.once("close", () => {
      this.connections.delete(connection);
      this.#options.onChange();
    });
  }
}
