import { readFileSync, watchFile } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { encodeFrame } from "../../../electron/simulator/gateway/frames.ts";
import { Portfolio } from "../../../electron/simulator/gateway/portfolio.ts";
import { healthyMcp, type McpPlan } from "../../../electron/simulator/mcp/mcp-plan.ts";
import { answerRpc } from "../../../electron/simulator/mcp/mcp-rpc.ts";

/** The MCP server of a stack: its HTTP endpoints, workers with API connections of their own, and its self-healing by `docker restart`. */
const env = (name: string): string => process.env[name] ?? "";
const mode = env("LAB_MODE") === "live" ? "live" : "paper";
const host = env("IB_HOST");
const port = Number(env("IB_PORT"));
const ORDERS = join("/lab", "mcp.json");
/** The original looks every 30 s and heals after two rounds without any connection. */
const ROUND_MS = Number(env("LAB_HEAL_MS")) || 30_000;
const TIMEOUT_MS = 10_000;
const plan: McpPlan = { ...healthyMcp(), ...read() };

function read(): Partial<McpPlan> {
  try {
    return JSON.parse(readFileSync(ORDERS, "utf8")) as Partial<McpPlan>;
  } catch {
    // No file: a good day.
    return {};
  }
}
watchFile(ORDERS, { interval: 250 }, () => {
  const was = plan.mode;
  Object.assign(plan, healthyMcp(), read());
  if (was !== plan.mode) for (const worker of workers) plan.mode === "down" ? worker.stop() : worker.start();
});

function log(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(0, 19).replace("T", " ")} - ib_mcp - INFO - ${text}\n`);
}

class Worker {
  connected = false;
  alive = false;
  failures = 0;
  restarts = 0;
  lastSuccessAt: number | null = null;
  private socket: Socket | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    readonly id: number,
    readonly clientId: number,
  ) {}

  start(): void {
    if (this.alive) return;
    this.alive = true;
    this.dial();
  }
  stop(): void {
    this.alive = false;
    this.drop();
  }
  restart(): void {
    this.restarts += 1;
    this.stop();
    this.start();
  }

  private drop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.destroy();
    if (this.connected) log(`worker ${this.id}: lost IB`);
    this.connected = false;
  }
  private retry(): void {
    this.drop();
    this.failures += 1;
    if (this.alive) this.timer = setTimeout(() => this.dial(), Math.min(ROUND_MS, 5_000));
  }
  private dial(): void {
    this.timer = setTimeout(() => this.retry(), TIMEOUT_MS);
    const socket = connect(port, host);
    this.socket = socket;
    let seen = "";
    socket.setEncoding("latin1");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.socket === socket) this.retry();
    });
    socket.on("connect", () => socket.write(Buffer.concat([Buffer.from("API\0\0\0\0\x09v100..176")])));
    socket.on("data", (chunk: string) => {
      if (this.connected) return;
      if (seen === "") socket.write(encodeFrame([71, 2, this.clientId, ""]));
      seen = (seen + chunk).slice(-4096);
      if (!seen.includes(["9", "1", "1", ""].join("\0"))) return;
      if (this.timer !== null) clearTimeout(this.timer);
      this.connected = true;
      this.failures = 0;
      this.lastSuccessAt = Date.now();
      log(`worker ${this.id}: connected to IB`);
    });
  }
}

const workers = [0, 1, 2].map((id) => new Worker(id, (mode === "paper" ? 1 : 10) + id));
const connected = () => (plan.mode === "misleading" ? 0 : workers.filter((worker) => worker.connected).length);
const sessions = new Set<string>();
const portfolio = new Portfolio(7);

function docker(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath: "/var/run/docker.sock", path, method: "POST" }, (response) => {
      response.resume();
      response.on("end", resolve);
    })
      .on("error", reject)
      .end();
  });
}

let rounds = 0;
setInterval(() => {
  rounds = connected() === 0 ? rounds + 1 : 0;
  if (!plan.healing || rounds < 2) return;
  rounds = 0;
  log("Auto-reconnecting gateway: no IB connection for 2 checks, restarting container");
  docker(`/containers/${host}/restart?t=1`).catch((error: unknown) => log(String(error)));
}, ROUND_MS);

function health() {
  const down = plan.mode === "down";
  const count = connected();
  return {
    status: count === 0 ? "unhealthy" : count < workers.length ? "degraded" : "healthy",
    ib_connected: count > 0,
    options_client_connected: count > 0,
    orders_client_connected: count > 0,
    service: `mcp-ib-${mode}`,
    ib_host: host,
    ib_port: String(port),
    circuit_breaker: { state: down ? "open" : "closed", failure_count: down ? 5 : 0, last_failure_ago: down ? 19.2 : null, recovery_in: down ? 40.8 : null },
    pool: {
      pool_size: workers.length,
      workers_alive: workers.filter((worker) => worker.alive).length,
      workers_ib_connected: count,
      workers_available: count,
      workers: workers.map((worker) => ({
        id: worker.id,
        client_id: worker.clientId,
        alive: worker.alive,
        initialized: worker.alive,
        ib_connected: worker.connected && plan.mode !== "misleading",
        consecutive_failures: worker.failures,
        restart_count: worker.restarts,
        last_success_ago: worker.lastSuccessAt === null ? null : (Date.now() - worker.lastSuccessAt) / 1_000,
      })),
    },
  };
}

/** As in the original, "api_port_open" is a TCP connect that is dropped at once. */
function portOpen(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(3_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) if (text.length < 262_144) text += String(chunk);
  return text;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const text = value === null ? "" : JSON.stringify(value);
    response.writeHead(status, { "content-type": "application/json", server: "uvicorn", ...headers, "content-length": String(Buffer.byteLength(text)) });
    response.end(text);
  };
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  switch (`${request.method} ${path}`) {
    case "GET /health":
      return send(200, health());
    case "GET /gateway/status": {
      const open = await portOpen();
      const up = connected() > 0;
      return send(200, {
        status: up ? "connected" : open ? "api_ready" : "starting",
        container_running: true,
        api_port_open: open,
        ib_connected: up,
        gateway_container: host,
        api_host: host,
        api_port: port,
      });
    }
    case "POST /restart-workers":
      plan.mode = "healthy";
      for (const worker of workers) worker.restart();
      log("Workers restarted on request");
      return send(200, { status: "ok", message: `Restarted ${workers.length} workers` });
    case "POST /mcp": {
      const reply = answerRpc(await body(request), request.headers, {
        plan,
        connected: connected() > 0,
        portfolio,
        account: mode === "paper" ? "DU1234567" : "U1234567",
        sessions,
        newSession: () => {
          const id = `session-${sessions.size + 1}`;
          sessions.add(id);
          return id;
        },
      });
      if (reply.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
      return send(reply.status, reply.body, reply.headers);
    }
    default:
      return send(path === "/mcp" ? 405 : 404, { detail: path === "/mcp" ? "Method Not Allowed" : "Not Found" });
  }
}

createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    log(String(error));
    response.destroy();
  });
}).listen(8_000, "0.0.0.0", () => {
  process.stderr.write("INFO:     Application startup complete.\nINFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)\n");
});
if (plan.mode !== "down") for (const worker of workers) worker.start();
