import { answersOf, detectKind, type Exchange, endSession, initializedNotice, type McpKind, type McpPeer, rpcRequest } from "./mcp-kind.ts";

/** Tools that only read, by the names that servers for IB use, the most telling first. No other tool is ever called. */
const SAFE_TOOLS = ["get_account_summary", "account_summary", "get_accounts", "list_accounts", "get_managed_accounts", "get_positions", "positions"] as const;
/** How the owner's kind says inside a successful answer that IB is not there (facts §6). */
const IB_FAULT = /\bnot connected\b|cannot connect|error getting|timeout waiting for IB|circuit breaker open/i;

export interface ToolCall {
  readonly ok: boolean;
  /** One sentence; never the text of the answer, which holds amounts and account numbers. */
  readonly detail: string;
  readonly kind: McpKind;
  /** An answer's id was not the request's. */
  readonly desync: boolean;
}

/**
 * Calls one reading tool, because a person asked. Ids are compared: a late answer of a worker is read by the next call (facts row 52).
 * @param known the kind where it is known already; else it is found out first
 * @throws HttpError when nobody answers
 */
export async function callReadingTool(exchange: Exchange, path: string, known: McpKind | null, unique: string, deadlineMs: number): Promise<ToolCall> {
  // A legacy server needs a session of its own, so its kind is found by opening one.
  const peer: McpPeer = known === "modern" || known === "plain" ? { kind: known, sessionId: null } : await detectKind(exchange, path, deadlineMs);
  const notice = initializedNotice(path, peer, deadlineMs);
  if (notice !== null) await exchange(notice);
  try {
    const listed = await ask(exchange, path, peer, `${unique}-list`, "tools/list", {}, deadlineMs);
    if (!listed.ok) return { ...listed, kind: peer.kind };
    const names = toolNames(listed.result);
    const tool = SAFE_TOOLS.find((name) => names.includes(name));
    if (tool === undefined)
      return { ok: true, detail: `lists ${names.length} tools; none of them is known to only read, so none was called`, kind: peer.kind, desync: false };
    const called = await ask(exchange, path, peer, `${unique}-call`, "tools/call", { name: tool, arguments: {} }, deadlineMs);
    if (!called.ok) return { ...called, detail: `${tool}: ${called.detail}`, kind: peer.kind };
    const fault = IB_FAULT.exec(toolText(called.result))?.[0];
    const failed = fault !== undefined || isToolError(called.result);
    const detail = failed ? `${tool} answered, but says "${fault ?? "error"}"` : `${tool} answered`;
    return { ok: !failed, detail, kind: peer.kind, desync: false };
  } finally {
    const end = endSession(path, peer, 2_000);
    // The session ends by itself on the server when this fails.
    if (end !== null) await exchange(end).catch(() => undefined);
  }
}

type Asked = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly detail: string; readonly desync: boolean };

async function ask(
  exchange: Exchange,
  path: string,
  peer: McpPeer,
  id: string,
  method: string,
  params: Record<string, unknown>,
  deadlineMs: number,
): Promise<Asked> {
  const answer = await exchange(rpcRequest(path, id, method, params, peer, deadlineMs));
  const all = answersOf(answer);
  const ours = all.find((one) => one.id === id);
  if (ours === undefined) {
    // An error without an id is about a request that could not be read; any other id belongs to someone else's question.
    const stranger = all.find((one) => one.id !== undefined && one.id !== null);
    if (stranger !== undefined) return { ok: false, detail: `the answer to ${method} bears another request's id`, desync: true };
    const error = all[0]?.error;
    return {
      ok: false,
      detail: error ? brief(error.code, error.message) : `${method} was answered with HTTP ${answer.status} and nothing readable`,
      desync: false,
    };
  }
  if (ours.error) return { ok: false, detail: brief(ours.error.code, ours.error.message), desync: false };
  return { ok: true, result: ours.result };
}

const brief = (code: number, message: string) => `error ${code}: ${message.replace(/[\r\n]+/g, " ").slice(0, 160)}`;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isToolError = (result: unknown) => isRecord(result) && result.isError === true;

function toolNames(result: unknown): string[] {
  const tools = isRecord(result) && Array.isArray(result.tools) ? result.tools : [];
  return tools.slice(0, 500).flatMap((tool) => (isRecord(tool) && typeof tool.name === "string" ? [tool.name] : []));
}

function toolText(result: unknown): string {
  const content = isRecord(result) && Array.isArray(result.content) ? result.content : [];
  return content
    .slice(0, 50)
    .flatMap((part) => (isRecord(part) && typeof part.text === "string" ? [part.text.slice(0, 4_000)] : []))
    .join("\n");
}
