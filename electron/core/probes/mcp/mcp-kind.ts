import type { McpFact } from "../../diagnosis/evidence.ts";
import type { HttpAnswer, HttpRequest } from "./http-client.ts";
import { parseRpc, type RpcAnswer } from "./mcp-answers.ts";

export const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";
const ACCEPT = { Accept: "application/json, text/event-stream", "Content-Type": "application/json" } as const;
const CLIENT = { name: "gatelight", version: "1" } as const;

export type Exchange = (ask: HttpRequest) => Promise<HttpAnswer>;
export type McpKind = NonNullable<McpFact["serverKind"]>;
export interface McpPeer {
  readonly kind: McpKind;
  /** Of the legacy kind, where it keeps sessions. */
  readonly sessionId: string | null;
}

/** Where the requests of the protocol go: the url's own path, or `/mcp` where it has none. */
export function mcpPath(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : "/";
  return path === "/" ? "/mcp" : path;
}

export function rpcRequest(
  path: string,
  id: string,
  method: string,
  params: Record<string, unknown>,
  peer: McpPeer | "modern-probe",
  deadlineMs: number,
): HttpRequest {
  const modern = peer === "modern-probe" || peer.kind === "modern";
  const meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT,
  };
  const headers: Record<string, string> = { ...ACCEPT };
  if (modern) {
    headers["MCP-Protocol-Version"] = MODERN;
    headers["Mcp-Method"] = method;
    if (typeof params.name === "string") headers["Mcp-Name"] = params.name;
  } else if (peer.kind === "legacy") {
    if (method !== "initialize") headers["MCP-Protocol-Version"] = LEGACY;
    if (peer.sessionId !== null) headers["Mcp-Session-Id"] = peer.sessionId;
  }
  return {
    method: "POST",
    path,
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params: modern ? { ...params, _meta: meta } : params }),
    deadlineMs,
    enough: (body) => parseRpc("text/event-stream", body).some((answer) => answer.id === id),
  };
}

export const answersOf = (answer: HttpAnswer): RpcAnswer[] => parseRpc(answer.headers["content-type"] ?? "", answer.body);

/**
 * Which of the three kinds of MCP server answers (facts §6): modern (stateless, `server/discover`), legacy (`initialize` with a session) or the
 * plain JSON-RPC one, which must never be sent `notifications/initialized`: its worker then hangs for 30 s and is stopped.
 * On the plain kind `server/discover` reaches a worker, so this is done once, with a short deadline.
 * @throws HttpError when nobody answers
 */
export async function detectKind(exchange: Exchange, path: string, deadlineMs: number): Promise<McpPeer> {
  const discovered = await exchange(rpcRequest(path, "discover", "server/discover", {}, "modern-probe", Math.min(deadlineMs, 4_000))).catch(() => null);
  if (discovered !== null && isModern(discovered)) return { kind: "modern", sessionId: null };
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
  const answer = await exchange(rpcRequest(path, "initialize", "initialize", params, { kind: "legacy", sessionId: null }, deadlineMs));
  const sessionId = answer.headers["mcp-session-id"] ?? null;
  if (sessionId !== null && sessionId !== "") return { kind: "legacy", sessionId: sessionId.slice(0, 512) };
  const result = answersOf(answer).find((one) => one.result !== undefined)?.result;
  const version = typeof result === "object" && result !== null && "protocolVersion" in result ? result.protocolVersion : null;
  // Without a session both the plain kind (always 2024-11-05) and a legacy server without sessions are left; only a newer version is the latter.
  return { kind: typeof version === "string" && version > "2024-11-05" ? "legacy" : "plain", sessionId: null };
}

function isModern(answer: HttpAnswer): boolean {
  const [first] = answersOf(answer);
  if (first?.error) return first.error.code <= -32_020 && first.error.code >= -32_029;
  if (answer.status !== 200 || first?.result === undefined) return false;
  // A stray late reply of a worker is not what was asked for.
  return (
    first.id === "discover" &&
    typeof first.result === "object" &&
    first.result !== null &&
    ("resultType" in first.result || "supportedVersions" in first.result || "protocolVersions" in first.result || "capabilities" in first.result)
  );
}

/** After `initialize`, before the first call. Only a legacy server gets it. */
export function initializedNotice(path: string, peer: McpPeer, deadlineMs: number): HttpRequest | null {
  if (peer.kind !== "legacy") return null;
  const { headers } = rpcRequest(path, "x", "notifications/initialized", {}, peer, deadlineMs);
  return { method: "POST", path, headers, body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), deadlineMs };
}

/** Ends a legacy session, as the protocol asks of a client that is done. */
export function endSession(path: string, peer: McpPeer, deadlineMs: number): HttpRequest | null {
  if (peer.kind !== "legacy" || peer.sessionId === null) return null;
  return { method: "DELETE", path, headers: { "Mcp-Session-Id": peer.sessionId, "MCP-Protocol-Version": LEGACY }, deadlineMs };
}
