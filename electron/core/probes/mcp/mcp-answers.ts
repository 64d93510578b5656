import { z } from "zod";
import type { McpFact } from "../../diagnosis/evidence.ts";

const flag = z.boolean().nullish().catch(null);
const count = z.number().int().nonnegative().nullish().catch(null);
const health = z.object({
  status: z.string().max(64),
  ib_connected: flag,
  circuit_breaker: z
    .object({ state: z.string().max(64) })
    .nullish()
    .catch(null),
  pool: z
    .object({ pool_size: count, workers_alive: count, workers_ib_connected: count, workers: z.array(z.unknown()).nullish().catch(null) })
    .nullish()
    .catch(null),
});
const gatewayStatus = z.object({ status: z.string().max(64), api_port_open: flag, ib_connected: flag });

/** GET /health of the owner's server (facts §6). Read leniently: other servers give less. @returns `null` when it is no such answer */
export function parseHealth(body: string): McpFact["health"] {
  const parsed = health.safeParse(json(body));
  if (!parsed.success) return null;
  const { status, ib_connected, circuit_breaker, pool } = parsed.data;
  const breaker = circuit_breaker?.state.toLowerCase().replace("_", "-");
  return {
    status: status === "healthy" || status === "degraded" || status === "unhealthy" ? status : "other",
    ibConnected: ib_connected ?? null,
    breaker: breaker === "closed" || breaker === "open" ? breaker : breaker?.startsWith("half") ? "half-open" : null,
    workers: pool?.pool_size ?? pool?.workers?.length ?? null,
    workersAlive: pool?.workers_alive ?? null,
    workersConnected: pool?.workers_ib_connected ?? null,
  };
}

/** GET /gateway/status. Its `api_port_open` is a TCP connect to socat and proves nothing (facts row 51). */
export function parseGatewayStatus(body: string): McpFact["gatewayStatus"] {
  const parsed = gatewayStatus.safeParse(json(body));
  if (!parsed.success) return null;
  return { status: parsed.data.status, apiPortOpen: parsed.data.api_port_open ?? null, ibConnected: parsed.data.ib_connected ?? null };
}

const rpc = z.object({
  id: z.union([z.string().max(256), z.number()]).nullish(),
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number(), message: z.string().catch("") })
    .nullish()
    .catch(null),
  method: z.string().max(256).optional(),
});
export type RpcAnswer = z.infer<typeof rpc>;

/** All JSON-RPC answers of a body: JSON (one or a batch), or a stream of events of which only `data:` lines count. Requests and notices are left out. */
export function parseRpc(contentType: string, body: string): RpcAnswer[] {
  const texts = /text\/event-stream/i.test(contentType) ? eventData(body) : [body];
  return texts
    .flatMap((text) => {
      const value = json(text);
      return Array.isArray(value) ? value.slice(0, 100) : [value];
    })
    .flatMap((value) => {
      const parsed = rpc.safeParse(value);
      return parsed.success && parsed.data.method === undefined ? [parsed.data] : [];
    });
}

/** The data of each complete event (WHATWG server-sent events); comments, empty priming events and an unfinished last one are left out. */
export function eventData(body: string): string[] {
  return body
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "\n")
    .split("\n\n")
    .slice(0, -1)
    .map((event) =>
      event
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).replace(/^ /, ""))
        .join("\n"),
    )
    .filter((text) => text !== "");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
