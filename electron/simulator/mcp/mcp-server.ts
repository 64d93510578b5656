import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Container, ContainerProgram, ProcessRow } from "../docker/container.ts";
import type { Home, HomeGateway } from "../home.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { SimClock } from "../sim-clock.ts";
import type { McpPlan } from "./mcp-plan.ts";
import { answerRpc } from "./mcp-rpc.ts";
import { McpWorker } from "./worker.ts";

export interface McpOptions {
  readonly clock: SimClock;
  readonly home: Home;
  readonly gateway: HomeGateway;
  readonly plan: McpPlan;
}

const HEAL_MS = 30_000;
const MAX_BODY = 256 * 1024;

/** The MCP server beside a gateway: FastAPI's endpoints, its workers with their own API connections, and its self-healing. */
export class McpServer implements ContainerProgram {
  readonly container: Container;
  readonly #options: McpOptions;
  readonly workers: McpWorker[] = [];
  readonly #sessions = new Set<string>();
  readonly #sockets = new Set<Endpoint>();
  readonly #http: Server;
  readonly #cancels = new Set<() => void>();
  #rounds = 0;
  #nextSession = 1;

  constructor(container: Container, options: McpOptions) {
    this.container = container;
    this.#options = options;
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#http.keepAliveTimeout = 5_000;
  }

  get connectedWorkers(): number {
    return this.workers.filter((worker) => worker.connected).length;
  }

  start(ageMs: number): void {
    const { clock, gateway, plan } = this.#options;
    const at = clock.now() - ageMs;
    for (const line of [
      "INFO:     Started server process [1]",
      "INFO:     Application startup complete.",
      "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
    ])
      this.container.log.write(at, line, "stderr");
    this.container.namespace.listen({ port: 8000, family: 4, address: "0.0.0.0", backlog: 128, uid: 0, onConnection: (socket) => this.#connection(socket) });
    this.workers.length = 0;
    for (let index = 0; index < plan.workers; index += 1) {
      const worker = new McpWorker({
        namespace: this.container.namespace,
        clock,
        clientId: (gateway.mode === "paper" ? 1 : 10) + index,
        target: () => ({ host: this.#gatewayAddress(), port: gateway.mode === "paper" ? 4004 : 4003 }),
        onChange: (connected) => this.#log(`worker ${index}: ${connected ? "connected to IB" : "lost IB"}`),
      });
      this.workers.push(worker);
      if (plan.mode !== "down") worker.start();
    }
    this.#rounds = 0;
    this.#heal();
  }

  kill(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    for (const worker of this.workers) worker.stop();
    for (const socket of this.#sockets) socket.destroy();
    this.#http.closeAllConnections();
  }

  processes(firstPid: number): ProcessRow[] {
    const rows = [{ pid: firstPid, stat: "Ssl", comm: "uvicorn", args: "uvicorn server:app --host 0.0.0.0" }];
    for (const [index, worker] of this.workers.entries())
      if (worker.alive) rows.push({ pid: firstPid + 8 + index, stat: "S", comm: "python", args: "python -m ib_mcp" });
    return rows;
  }
  file(): string | null {
    return null;
  }
  killProcess(): number {
    return 0;
  }
  startProcess(): boolean {
    return false;
  }

  /** The log of a healing that happened a moment ago. */
  sayHealed(): void {
    this.#log("Auto-reconnecting gateway: no IB connection for 2 checks, restarting container");
  }

  /** The plan's mode changed while it runs. */
  apply(): void {
    for (const worker of this.workers) {
      if (this.#options.plan.mode === "down") worker.stop();
      else if (!worker.alive) worker.start();
    }
  }

  #gatewayAddress(): string {
    return this.#options.home.engine.containers.get(this.#options.gateway.container)?.namespace.address ?? "198.51.100.1";
  }
  #log(text: string): void {
    const at = this.#options.clock.now();
    this.container.log.write(at, `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} - ib_mcp - INFO - ${text}`, "stderr");
  }

  #connection(socket: Endpoint): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    this.#http.emit("connection", socket);
  }

  /** Two rounds without any connection: the gateway's container is restarted, wanted or not. */
  #heal(): void {
    this.#after(HEAL_MS, () => {
      this.#rounds = this.connectedWorkers === 0 ? this.#rounds + 1 : 0;
      if (this.#options.plan.healing && this.#rounds >= 2) {
        this.#rounds = 0;
        this.sayHealed();
        void this.#restartGateway();
      }
      this.#heal();
    });
  }

  #after(ms: number, run: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
  }

  #restartGateway(): Promise<void> {
    const container = this.#options.home.engine.containers.get(this.#options.gateway.container);
    container?.stop(143);
    container?.start();
    return Promise.resolve();
  }

  health() {
    const { plan, gateway, clock } = this.#options;
    const connected = plan.mode === "misleading" ? 0 : this.connectedWorkers;
    const alive = this.workers.filter((worker) => worker.alive).length;
    const down = plan.mode === "down";
    return {
      status: connected === 0 ? "unhealthy" : connected < this.workers.length ? "degraded" : "healthy",
      ib_connected: connected > 0,
      options_client_connected: connected > 0,
      orders_client_connected: connected > 0,
      service: `mcp-ib-${gateway.mode}`,
      ib_host: gateway.container,
      ib_port: gateway.mode === "paper" ? "4004" : "4003",
      circuit_breaker: { state: down ? "open" : "closed", failure_count: down ? 5 : 0, last_failure_ago: down ? 19.2 : null, recovery_in: down ? 40.8 : null },
      pool: {
        pool_size: this.workers.length,
        workers_alive: alive,
        workers_ib_connected: connected,
        workers_available: connected,
        workers: this.workers.map((worker, index) => ({
          id: index,
          client_id: worker.clientId,
          alive: worker.alive,
          initialized: worker.alive,
          ib_connected: worker.connected && plan.mode !== "misleading",
          consecutive_failures: worker.failures,
          restart_count: worker.restarts,
          last_success_ago: worker.lastSuccessAt === null ? null : (clock.now() - worker.lastSuccessAt) / 1000,
        })),
      },
    };
  }

  /** Opens and drops a TCP connection to the relay, as the original does: that is all its "api_port_open" means. */
  async #gatewayStatus() {
    const { gateway, plan, home } = this.#options;
    const container = home.engine.containers.get(gateway.container);
    const port = gateway.mode === "paper" ? 4004 : 4003;
    const open = await new Promise<boolean>((resolve) => {
      const { namespace } = this.container;
      namespace.net.connect(namespace, this.#gatewayAddress(), port, {
        uid: 0,
        connected: (socket) => {
          socket.destroy();
          resolve(true);
        },
        failed: () => resolve(false),
      });
    });
    const connected = plan.mode !== "misleading" && this.connectedWorkers > 0;
    return {
      status: connected ? "connected" : open ? "api_ready" : container?.running === true ? "starting" : "disconnected",
      container_running: container?.running ?? false,
      api_port_open: open,
      ib_connected: connected,
      gateway_container: gateway.container,
      api_host: gateway.container,
      api_port: port,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#options.plan.mode === "frozen") return;
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      if (response.destroyed) return;
      const text = body === null ? "" : JSON.stringify(body);
      response.writeHead(status, { "content-type": "application/json", server: "uvicorn", ...headers, "content-length": String(Buffer.byteLength(text)) });
      response.end(text);
    };
    const route = `${request.method} ${path}`;
    const container = this.#options.home.engine.containers.get(this.#options.gateway.container);
    switch (route) {
      case "GET /health":
        return send(200, this.health());
      case "GET /gateway/status":
        return send(200, await this.#gatewayStatus());
      case "POST /restart-workers":
        this.#options.plan.mode = "healthy";
        for (const worker of this.workers) worker.restart();
        this.#log("Workers restarted on request");
        return send(200, { status: "ok", message: `Restarted ${this.workers.length} workers` });
      case "POST /gateway/logout":
        container?.stop(143);
        return send(200, { status: "stopped" });
      case "POST /gateway/login":
      case "POST /gateway/reconnect":
      case "POST /gateway/ensure-ready":
        await this.#restartGateway();
        return send(200, { status: "restarting" });
      case "POST /mcp":
        return this.#rpc(request, send);
      case "DELETE /mcp":
        this.#sessions.delete(String(request.headers["mcp-session-id"] ?? ""));
        return send(200, null);
      default:
        return send(path === "/mcp" ? 405 : 404, { detail: path === "/mcp" ? "Method Not Allowed" : "Not Found" });
    }
  }

  async #rpc(request: IncomingMessage, send: (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void): Promise<void> {
    let text = "";
    try {
      for await (const chunk of request) {
        text += String(chunk);
        if (text.length > MAX_BODY) return send(413, { detail: "Too large" });
      }
    } catch {
      // The client went away in the middle of its request.
      return;
    }
    const { gateway, plan } = this.#options;
    const account = gateway.plan.accounts[0] ?? "";
    const reply = answerRpc(text, request.headers, {
      plan,
      connected: this.connectedWorkers > 0,
      portfolio: gateway.gateway?.api.portfolio(account) ?? null,
      account,
      sessions: this.#sessions,
      newSession: () => {
        const id = `session-${this.#nextSession++}`;
        this.#sessions.add(id);
        return id;
      },
    });
    if (reply.delayMs === undefined) return send(reply.status, reply.body, reply.headers);
    this.#after(reply.delayMs, () => send(reply.status, reply.body, reply.headers));
  }
}
