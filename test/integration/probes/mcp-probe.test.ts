import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { McpFact } from "../../../electron/core/diagnosis/evidence.ts";
import { httpOverLink } from "../../../electron/core/probes/mcp/http-client.ts";
import { createMcpProbe, type McpProbe } from "../../../electron/core/probes/mcp/mcp-probe.ts";
import { createFakeDocker } from "../../support/fake-docker.ts";
import { createStandInLink, type StandInLink } from "../../support/local-stand-in.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly rpc: { method?: string; id?: string; params?: { name?: string } } | null;
}
type Answer = (asked: Asked, response: ServerResponse) => void;

let link: StandInLink;
let servers: Server[];
let sockets: Set<Socket>;
let probe: McpProbe | null;
let asked: Asked[];
let facts: McpFact[];
let queue: number | null;

beforeEach(() => {
  link = createStandInLink();
  servers = [];
  sockets = new Set();
  probe = null;
  asked = [];
  facts = [];
  queue = 0;
});
afterEach(async () => {
  probe?.dispose();
  await link.dispose();
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    servers.push(server);
    server.on("connection", (socket) => sockets.add(socket));
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
async function http(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      const one: Asked = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, rpc: body === "" ? null : JSON.parse(body) };
      asked.push(one);
      answer(one, response);
    });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}
function begin(url: string, options: { container?: string; docker?: string } = {}): McpProbe {
  probe = createMcpProbe({
    link,
    clock: systemClock,
    docker: options.docker ?? "docker",
    target: { url, container: options.container ?? null },
    queue: () => queue,
    clockSkewMs: () => 0,
    onFact: (fact) => facts.push(fact),
  });
  return probe;
}
const json = (response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
const rpcResult = (one: Asked, result: unknown) => ({ jsonrpc: "2.0", id: one.rpc?.id, result });
const HEALTH = {
  status: "healthy",
  ib_connected: true,
  circuit_breaker: { state: "closed" },
  pool: { pool_size: 3, workers_alive: 3, workers_ib_connected: 3 },
};
const TOOLS = { tools: [{ name: "place_order" }, { name: "get_account_summary" }] };

/** The owner's kind: plain JSON-RPC, everything answered with 200, a constant `initialize`. */
const plain =
  (text = "# Account Summary", id: (one: Asked) => unknown = (one) => one.rpc?.id): Answer =>
  (one, response) => {
    if (one.path === "/health") return json(response, HEALTH);
    if (one.rpc?.method === "initialize") return json(response, rpcResult(one, { protocolVersion: "2024-11-05", serverInfo: { name: "IBKR MCP Server" } }));
    if (one.rpc?.method === "tools/list") return json(response, rpcResult(one, TOOLS));
    if (one.rpc?.method === "tools/call") return json(response, { jsonrpc: "2.0", id: id(one), result: { content: [{ type: "text", text }] } });
    return json(response, { jsonrpc: "2.0", id: one.rpc?.id, error: { code: -32_601, message: "Method not found" } });
  };

describe("health", () => {
  it("is read over the link with a loopback Host and without Origin; the owner's kind is known by it alone", async () => {
    await begin(await http(plain())).lookNow();
    expect(facts.at(-1)).toMatchObject({ http: "ok", serverKind: "plain", health: { status: "healthy", workers: 3, breaker: "closed" } });
    expect(asked.map((one) => [one.method, one.path])).toEqual([["GET", "/health"]]);
    expect(asked[0]?.headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(asked[0]?.headers.origin).toBeUndefined();
  });
  it.each([
    ["bad-status", (_: Asked, response: ServerResponse) => json(response, {}, 502)],
    ["closed", (_: Asked, response: ServerResponse) => response.destroy()],
  ] as const)("tells %s", async (kind, answer) => {
    await begin(await http((one, response) => void answer(one, response))).lookNow();
    expect(facts.at(-1)).toMatchObject({ http: kind, health: null });
  });
  it("tells a port without a listener and one that speaks no HTTP", async () => {
    const silent = createTcpServer((socket) => socket.end("RFB 003.008\n"));
    await begin(`http://127.0.0.1:${await listen(silent)}`).lookNow();
    expect(facts.at(-1)?.http).toBe("not-http");
    probe?.dispose();
    const gone = createTcpServer();
    const port = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    servers = servers.filter((one) => one !== gone);
    await begin(`http://127.0.0.1:${port}`).lookNow();
    expect(facts.at(-1)?.http).toBe("refused");
  });
  it("gives up in time on a server that never answers, or drips", async () => {
    const mute = createTcpServer((socket) => socket.on("error", () => {}));
    const address = { host: "127.0.0.1", port: await listen(mute) };
    await expect(httpOverLink(link, systemClock, address, { method: "GET", path: "/", deadlineMs: 200 })).rejects.toMatchObject({ fault: "timeout" });
    const drip = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    const slow = { host: "127.0.0.1", port: await listen(drip) };
    await expect(httpOverLink(link, systemClock, slow, { method: "GET", path: "/", deadlineMs: 300 })).rejects.toMatchObject({ fault: "timeout" });
  });
  it("says that an answer is late before it gives it up, and asks again within seconds", async () => {
    let frozen = false;
    const answer = plain();
    const url = await http((one, response) => (frozen ? undefined : answer(one, response)));
    begin(url).start();
    await expect.poll(() => facts.at(-1)?.http, { timeout: 10_000 }).toBe("ok");
    frozen = true;
    const asked = Date.now();
    await expect.poll(() => facts.at(-1)?.waitingSince ?? 0, { timeout: 15_000 }).toBeGreaterThanOrEqual(asked);
    expect(facts.at(-1)).toMatchObject({ http: "ok", health: { status: "healthy" } });
    await expect.poll(() => facts.at(-1), { timeout: 15_000 }).toMatchObject({ http: "timeout", waitingSince: null });
    frozen = false;
    await expect.poll(() => facts.at(-1), { timeout: 15_000 }).toMatchObject({ http: "ok", waitingSince: null });
  }, 60_000);
  it("does not hold one slow answer against a server that answers the next question", async () => {
    let slow = false;
    let late = 0;
    const answer = plain();
    const url = await http((one, response) => {
      if (!slow) return answer(one, response);
      slow = false;
      late++;
    });
    begin(url).start();
    await expect.poll(() => facts.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    slow = true;
    await expect.poll(() => facts.some((fact) => fact.waitingSince !== null), { timeout: 15_000 }).toBe(true);
    await expect.poll(() => facts.at(-1)?.waitingSince, { timeout: 15_000 }).toBeNull();
    expect([late, facts.every((fact) => fact.http === "ok")]).toEqual([1, true]);
  }, 60_000);
  it("cuts a body without end", async () => {
    const flood = await http((_, response) => {
      const pour = () => {
        if (!response.destroyed && response.write("y".repeat(65_536))) setImmediate(pour);
      };
      response.on("drain", pour).on("error", () => {});
      pour();
    });
    const answer = await httpOverLink(
      link,
      systemClock,
      { host: "127.0.0.1", port: Number(new URL(flood).port) },
      { method: "GET", path: "/", deadlineMs: 10_000 },
    );
    expect(answer).toMatchObject({ truncated: true });
    expect(answer.body.length).toBe(262_144);
  });
  it("does not blame the server for a lost link", async () => {
    const url = await http(plain());
    link.setState({ kind: "connecting", attempt: 1, since: 0 });
    await begin(url).lookNow();
    expect(facts).toEqual([]);
  });
});

describe("the gateway's status, which opens the API port", () => {
  const down: Answer = (one, response) =>
    one.path === "/health"
      ? json(response, { ...HEALTH, ib_connected: false })
      : json(response, { status: "api_ready", api_port_open: true, ib_connected: false });
  const statusCalls = () => asked.filter((one) => one.path === "/gateway/status").length;
  it("is asked where it explains something, at most once in 30 s", async () => {
    const one = begin(await http(down));
    await one.lookNow();
    await one.lookNow();
    expect(statusCalls()).toBe(1);
    expect(facts.at(-1)?.gatewayStatus).toEqual({ status: "api_ready", apiPortOpen: true, ibConnected: false });
  });
  it.each([3, null])("is never asked with a queue of %s", async (value) => {
    queue = value;
    await begin(await http(down)).lookNow();
    expect(statusCalls()).toBe(0);
  });
  it("is never asked while all is well", async () => {
    await begin(await http(plain())).lookNow();
    expect(statusCalls()).toBe(0);
  });
});

const methods = () => asked.flatMap((one) => (one.rpc?.method === undefined ? [] : [one.rpc.method]));

describe("a tool called by a person", () => {
  it("on the plain kind never sends the notice that hangs it, and only calls what reads", async () => {
    const one = begin(await http(plain()));
    expect(await one.callTool()).toEqual({ ok: true, detail: "get_account_summary answered" });
    expect(methods()).toEqual(["server/discover", "initialize", "tools/list", "tools/call"]);
    expect(asked.find((each) => each.rpc?.method === "tools/call")?.rpc?.params?.name).toBe("get_account_summary");
    await one.lookNow();
    asked = [];
    await one.callTool();
    expect(methods()).toEqual(["tools/list", "tools/call"]);
  });
  it("sees IB's absence inside a successful answer", async () => {
    expect(await begin(await http(plain("Error getting account summary: Not connected"))).callTool()).toMatchObject({ ok: false });
  });
  it("notices an answer that belongs to another request", async () => {
    const one = begin(await http(plain("# Account Summary", () => "health-17")));
    await one.lookNow();
    expect(await one.callTool()).toMatchObject({ ok: false });
    expect(facts.at(-1)?.desync).toBe(true);
  });
  it("on a legacy server keeps the session, tells it that it is initialized, reads event streams and ends the session", async () => {
    const url = await http((one, response) => {
      if (one.path === "/health") return json(response, {}, 404);
      if (one.method === "DELETE") return response.writeHead(200).end();
      if (one.rpc?.method === "initialize") return json(response, rpcResult(one, { protocolVersion: "2025-06-18" }), 200, { "Mcp-Session-Id": "s-1" });
      if (one.headers["mcp-session-id"] !== "s-1")
        return json(response, { jsonrpc: "2.0", id: null, error: { code: -32_600, message: "Bad Request: Missing session ID" } }, 400);
      if (one.rpc?.method === "notifications/initialized") return response.writeHead(202).end();
      // An event stream that stays open: the answer is enough.
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(
        `: hello\n\ndata: {"method":"notifications/message"}\n\ndata: ${JSON.stringify(rpcResult(one, one.rpc?.method === "tools/list" ? TOOLS : { content: [] }))}\n\n`,
      );
    });
    const one = begin(url);
    expect(await one.callTool()).toEqual({ ok: true, detail: "get_account_summary answered" });
    expect(methods()).toEqual(["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"]);
    expect(asked.at(-1)).toMatchObject({ method: "DELETE", path: "/mcp", headers: { "mcp-session-id": "s-1" } });
    expect(asked.find((each) => each.rpc?.method === "tools/call")?.headers["mcp-protocol-version"]).toBe("2025-11-25");
  });
  it("on a modern server asks without a session and with its headers", async () => {
    const url = await http((one, response) => {
      if (one.rpc?.method === "server/discover") return json(response, rpcResult(one, { resultType: "complete", supportedVersions: ["2026-07-28"] }));
      return json(response, rpcResult(one, { resultType: "complete", ...(one.rpc?.method === "tools/list" ? TOOLS : { content: [] }) }));
    });
    expect(await begin(url).callTool()).toMatchObject({ ok: true });
    expect(methods()).toEqual(["server/discover", "tools/list", "tools/call"]);
    expect(asked.at(-1)?.headers).toMatchObject({ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "get_account_summary" });
  });
  it("does not choose among tools that may write", async () => {
    const url = await http((one, response) =>
      one.rpc?.method === "tools/list" ? json(response, rpcResult(one, { tools: [{ name: "place_order" }] })) : plain()(one, response),
    );
    expect(await begin(url).callTool()).toMatchObject({ ok: true, detail: expect.stringContaining("none was called") });
    expect(methods()).not.toContain("tools/call");
  });
});

describe("repairs and healing", () => {
  it("posts to the workers and to nothing else", async () => {
    const one = begin(await http((_, response) => json(response, { ok: true })));
    expect(await one.post("/restart-workers", 5_000)).toContain("ok");
    await expect(one.post("/orders", 5_000)).rejects.toThrow("never posted");
    await expect(one.post("/gateway/login", 5_000)).rejects.toThrow("never posted");
    expect(asked.filter((each) => each.method === "POST").map((each) => each.path)).toEqual(["/restart-workers"]);
  });
  it("finds in the server's log that it restarted the gateway, once a minute at most", async () => {
    const docker = createFakeDocker();
    try {
      docker.setContainer("mcp-ib-paper", { state: { Status: "exited", StartedAt: "" } });
      docker.appendLog("mcp-ib-paper", "!2026-11-22T10:00:00.5Z Auto-reconnecting gateway");
      const one = begin(await http(plain()), { container: "mcp-ib-paper", docker: docker.path });
      await one.lookNow();
      await one.askHealing();
      await one.askHealing();
      expect(facts.at(-1)?.healing).toEqual({ at: Date.parse("2026-11-22T10:00:00.500Z"), text: "Auto-reconnecting gateway" });
      expect(docker.calls).toEqual([["logs", "--timestamps", "--tail", "50", "mcp-ib-paper"]]);
    } finally {
      docker.dispose();
    }
  });
});
