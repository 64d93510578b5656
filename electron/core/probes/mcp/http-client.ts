import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../clock.ts";
import { DialError, type HostAddress, type HostLink } from "../../host-link/host-link.ts";

export const MAX_BODY = 256 * 1024;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the whole call, ms. */
  readonly deadlineMs: number;
  /** Returns true as soon as the body so far is enough (an event stream never ends). */
  readonly enough?: (body: string) => boolean;
}
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body was longer than {@link MAX_BODY} and is cut. */
  readonly truncated: boolean;
}

export type HttpFault = "refused" | "timeout" | "closed" | "not-http" | "forbidden" | "link-down";
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(
    readonly fault: HttpFault,
    message: string,
  ) {
    super(message);
  }
}

/**
 * One HTTP/1.1 request over a connection opened from the server, closed afterwards. The Host header is 127.0.0.1: Python's MCP SDK bound to
 * loopback answers 421 to any other name (facts §6). Origin is not sent.
 * @throws HttpError within the deadline, whatever hangs
 */
export async function httpOverLink(link: Pick<HostLink, "dial">, clock: Clock, address: HostAddress, ask: HttpRequest): Promise<HttpAnswer> {
  const before = clock.now();
  let stream: Duplex;
  try {
    stream = await link.dial(address, { deadlineMs: ask.deadlineMs });
  } catch (error) {
    throw dialFault(error, address);
  }
  try {
    return await exchange(stream, clock, address, ask, Math.max(1, ask.deadlineMs - (clock.now() - before)));
  } finally {
    stream.on("error", () => undefined);
    stream.destroy();
  }
}

function exchange(stream: Duplex, clock: Clock, address: HostAddress, ask: HttpRequest, deadlineMs: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const body = ask.body === undefined ? undefined : Buffer.from(ask.body);
    const sent = request({
      // No agent option at all: with `agent: false` node:http makes an agent, which ignores createConnection.
      createConnection: () => stream,
      method: ask.method,
      path: ask.path,
      maxHeaderSize: 16 * 1024,
      headers: {
        Host: `127.0.0.1:${address.port}`,
        Connection: "close",
        ...(body === undefined ? {} : { "Content-Length": String(body.length) }),
        ...ask.headers,
      },
    });
    const cancel = clock.after(deadlineMs, () => fail(new HttpError("timeout", "no complete answer in time")));
    const fail = (error: HttpError) => {
      cancel();
      sent.destroy();
      reject(error);
    };
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith("HPE_")) fail(new HttpError("not-http", `the answer is not HTTP: ${error.message.slice(0, 120)}`));
      else fail(new HttpError("closed", "closed without an answer"));
    });
    sent.on("response", (response) => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
      );
      let text = "";
      const done = (truncated: boolean) => {
        cancel();
        resolve({ status: response.statusCode ?? 0, headers, body: text, truncated });
        response.destroy();
      };
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > MAX_BODY) {
          text = text.slice(0, MAX_BODY);
          done(true);
        } else if (ask.enough?.(text)) done(false);
      });
      response.on("end", () => done(false));
      response.on("error", () => fail(new HttpError("closed", "closed in the middle of the answer")));
      response.on("aborted", () => fail(new HttpError("closed", "closed in the middle of the answer")));
    });
    sent.end(body);
  });
}

function dialFault(error: unknown, address: HostAddress): HttpError {
  const where = `${address.host}:${address.port}`;
  if (!(error instanceof DialError)) return new HttpError("closed", `${where}: ${String(error).slice(0, 200)}`);
  switch (error.reason) {
    case "link-down":
    case "aborted":
      return new HttpError("link-down", error.message);
    case "forbidden":
      return new HttpError("forbidden", `the SSH server forbids forwarding to ${where}`);
    case "timeout":
      return new HttpError("timeout", `no answer from ${where}`);
    default:
      return new HttpError("refused", `${where} cannot be reached: ${error.message.slice(0, 200)}`);
  }
}
