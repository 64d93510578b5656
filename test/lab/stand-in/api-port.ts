import { appendFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { ApiConnection } from "../../../electron/simulator/gateway/api-connection.ts";
import { FARMS, farmNotice } from "../../../electron/simulator/gateway/farms.ts";
import type { ApiSettings, GatewayPlan } from "../../../electron/simulator/gateway/plan.ts";
import { Portfolio } from "../../../electron/simulator/gateway/portfolio.ts";
import type { SimClock } from "../../../electron/simulator/sim-clock.ts";

export interface ApiPortOptions {
  readonly clock: SimClock;
  readonly plan: () => GatewayPlan;
  readonly settings: () => ApiSettings;
  /** A line of JSON for every connection that came and went: the server's own record of its clients. */
  readonly record: string;
  readonly onDialog: (open: boolean) => void;
  readonly onChange: () => void;
}

/** The API port of the stand-in: a real listener as a JVM opens it (`::`, backlog 50), in front of the simulator's protocol. */
export class ApiPort {
  readonly connections = new Set<ApiConnection>();
  private readonly waiting = new Set<Socket>();
  private readonly sockets = new Set<Socket>();
  private readonly portfolios = new Map<string, Portfolio>();
  private server: Server | null = null;
  private next = 1;

  constructor(private readonly options: ApiPortOptions) {}

  get dialogWaiting(): boolean {
    return this.waiting.size > 0;
  }

  open(): void {
    if (this.server !== null) return;
    const port = this.options.plan().portOverride ?? this.options.settings().socketPort;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    server.on("error", (error) => process.stderr.write(`API port ${port}: ${error.message}\n`));
    server.listen({ port, host: "::", backlog: 50 });
    this.server = server;
  }

  /** What Apply does: a fresh listener. */
  reopen(): void {
    this.server?.close();
    this.server = null;
    this.open();
  }

  portChanged(port: number): void {
    for (const connection of this.connections) {
      connection.notice(1300, `Socket port has been reset and this connection is being dropped. Please reconnect on the new port - ${port}`);
      connection.close();
    }
    this.reopen();
  }

  dropAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  notice(code: number, text: string): void {
    for (const connection of this.connections) connection.notice(code, text);
  }

  farm(name: string, ok: boolean): void {
    const found = FARMS.find((farm) => farm.name === name);
    if (found !== undefined) this.notice(...farmNotice(found, ok));
  }

  answerDialog(accept: boolean): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const socket of waiting) {
      if (accept) this.serve(socket);
      else socket.end();
    }
    this.options.onDialog(false);
  }

  tick(): void {
    if (this.connections.size === 0) return;
    for (const portfolio of this.portfolios.values()) portfolio.tick();
    for (const connection of this.connections) connection.tick();
  }

  private accept(socket: Socket): void {
    const { onDialog, settings, record } = this.options;
    const id = this.next++;
    const from = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
    const write = (what: string) => appendFileSync(record, `${JSON.stringify({ at: Date.now(), pid: process.pid, id, what, from })}\n`);
    write("accepted");
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.sockets.delete(socket);
      write("closed");
    });
    if (settings().localhostOnly && !from.startsWith("127.")) {
      socket.end();
      socket.resume();
      return;
    }
    if (this.options.plan().acceptDialog) {
      this.waiting.add(socket);
      socket.once("close", () => this.waiting.delete(socket));
      if (this.waiting.size === 1) onDialog(true);
      return;
    }
    this.serve(socket);
  }

  private serve(socket: Socket): void {
    const { clock, plan, settings, onChange } = this.options;
    const connection = new ApiConnection(socket, {
      clock,
      plan: plan(),
      readOnly: () => settings().readOnly,
      portfolio: (account) => this.portfolio(account),
      connections: this.connections,
      onWrite: (message) => appendFileSync(this.options.record, `${JSON.stringify({ at: Date.now(), what: "write", message })}\n`),
      onMalformed: (reason) => appendFileSync(this.options.record, `${JSON.stringify({ at: Date.now(), what: "malformed", reason })}\n`),
    });
    this.connections.add(connection);
    onChange();
    socket.once("close", () => {
      this.connections.delete(connection);
      onChange();
    });
  }

  private portfolio(account: string): Portfolio | null {
    const plan = this.options.plan();
    if (!plan.accounts.includes(account)) return null;
    const known = this.portfolios.get(account) ?? new Portfolio(plan.tradingMode === "live" ? 11 : 7, plan.tradingMode === "live" ? 2 : 1, undefined);
    this.portfolios.set(account, known);
    return known;
  }
}
