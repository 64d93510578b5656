import type { IncomingHttpHeaders } from "node:http";
import type { Portfolio } from "../gateway/portfolio.ts";
import type { McpPlan } from "./mcp-plan.ts";

export interface RpcReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Simulated milliseconds before it is sent. */
  readonly delayMs?: number;
}

export interface RpcContext {
  readonly plan: McpPlan;
  readonly connected: boolean;
  readonly portfolio: Portfolio | null;
  readonly account: string;
  readonly sessions: Set<string>;
  readonly newSession: () => string;
}

const MODERN = "2026-07-28";
const TOOLS = [
  { name: "get_account_summary", description: "Account summary", inputSchema: { type: "object", properties: {} } },
  { name: "get_positions", description: "Positions", inputSchema: { type: "object", properties: {} } },
];

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** One POST to /mcp by the server's kind. */
export function answerRpc(text: string, headers: IncomingHttpHeaders, context: RpcContext): RpcReply {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { status: context.plan.kind === "plain" ? 200 : 400, body: { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } } };
  }
  if (!isRecord(value) || typeof value.method !== "string")
    return { status: 400, body: { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } } };
  const call: Call = { id: value.id ?? null, method: value.method, params: isRecord(value.params) ? value.params : {} };
  if (context.plan.kind === "plain") return plain(call, context);
  const accept = headers.accept ?? "";
  if (!accept.includes("application/json") || !accept.includes("text/event-stream"))
    return {
      status: 406,
      body: {
        jsonrpc: "2.0",
        id: "server-error",
        error: { code: -32600, message: "Not Acceptable: Client must accept both application/json and text/event-stream" },
      },
    };
  return context.plan.kind === "modern" ? modern(call, headers, context) : legacy(call, headers, context);
}

const ok = (call: Call, result: unknown): RpcReply => ({ status: 200, body: { jsonrpc: "2.0", id: call.id, result } });
const fault = (call: Call, code: number, message: string, status = 200, data?: unknown): RpcReply => ({
  status,
  body: { jsonrpc: "2.0", id: call.id, error: { code, message, ...(data === undefined ? {} : { data }) } },
});

function tool(context: RpcContext, name: unknown): unknown {
  const { portfolio, account } = context;
  if (!context.connected || portfolio === null) return { content: [{ type: "text", text: "Error getting account summary: Not connected" }], isError: false };
  const lines = name === "get_positions" ? portfolio.holdings.map((holding) => `- **${holding.symbol}**: ${holding.quantity} @ ${holding.averageCost}`) : [];
  const figures = name === "get_positions" ? [] : [...portfolio.figures()].map(([key, figure]) => `**${key}**: ${figure.value} ${figure.currency}`.trimEnd());
  return { content: [{ type: "text", text: ["# Account Summary", `## Account: ${account}`, ...figures, ...lines].join("\n") }], isError: false };
}

/** The owner's FastAPI endpoint: no sessions, no versions, always 200. */
function plain(call: Call, context: RpcContext): RpcReply {
  if (call.method === "initialize")
    return ok(call, { protocolVersion: "2024-11-05", capabilities: { tools: {} }, serverInfo: { name: "IBKR MCP Server", version: "1.0.0" } });
  // A notification reaches a stdio worker that waits for an answer: 30 s, then the worker is stopped.
  if (call.method.startsWith("notifications/")) return { ...fault(call, -32603, "Timeout waiting for IB response"), delayMs: 30_000 };
  if (context.plan.mode === "down") return fault(call, -32603, "Circuit breaker OPEN - IB unavailable. Recovery in 41s");
  const shifted: Call = context.plan.mode === "desync" ? { ...call, id: typeof call.id === "number" ? call.id - 1 : `${call.id}-late` } : call;
  if (call.method === "tools/list") return ok(shifted, { tools: TOOLS });
  if (call.method === "tools/call") return ok(shifted, tool(context, call.params.name));
  return fault(shifted, -32601, `Method not found: ${call.method}`);
}

function modern(call: Call, headers: IncomingHttpHeaders, context: RpcContext): RpcReply {
  const meta = isRecord(call.params._meta) ? call.params._meta : {};
  const named = meta["io.modelcontextprotocol/protocolVersion"];
  const version = headers["mcp-protocol-version"];
  if (named !== version || headers["mcp-method"] !== call.method) return fault(call, -32020, "Header mismatch", 400);
  if (version !== MODERN) return fault(call, -32022, "Unsupported protocol version", 400, { supported: [MODERN] });
  if (call.method === "server/discover")
    return ok(call, { resultType: "complete", supportedVersions: [MODERN], capabilities: { tools: {} }, serverInfo: { name: "ib-mcp", version: "2.0.0" } });
  if (call.method === "tools/list") return ok(call, { resultType: "complete", tools: TOOLS });
  if (call.method === "tools/call") return ok(call, { resultType: "complete", ...Object(tool(context, call.params.name)) });
  return fault(call, -32601, "Method not found", 404);
}

function legacy(call: Call, headers: IncomingHttpHeaders, context: RpcContext): RpcReply {
  const session = headers["mcp-session-id"];
  if (call.method === "initialize") {
    const id = context.newSession();
    return {
      status: 200,
      headers: { "mcp-session-id": id },
      body: {
        jsonrpc: "2.0",
        id: call.id,
        result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "ib-mcp", version: "1.4.0" } },
      },
    };
  }
  if (typeof session !== "string")
    return { status: 400, body: { jsonrpc: "2.0", id: "server-error", error: { code: -32600, message: "Bad Request: Missing session ID" } } };
  if (!context.sessions.has(session))
    return { status: 404, body: { jsonrpc: "2.0", id: "server-error", error: { code: -32001, message: "Session not found" } } };
  if (call.method.startsWith("notifications/")) return { status: 202, body: null };
  if (call.method === "tools/list") return ok(call, { tools: TOOLS });
  if (call.method === "tools/call") return ok(call, tool(context, call.params.name));
  return fault(call, -32601, "Method not found");
}
