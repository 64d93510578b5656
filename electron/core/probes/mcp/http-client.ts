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
  const stream = await dial(link, address, ask.deadlineMs);
  try {
    return await exchange(stream, clock, address, { ...ask, deadlineMs: Math.max(1, ask.deadlineMs - (clock.now() - before)) });
  } finally {
    discard(stream);
  }
}

/** A kept connection is given up after so long (ms): a server behind a proxy or with several processes is met anew now and then. */
const KEPT_MS = 60_000;

/**
 * For what is asked again and again: as `httpOverLink`, but the connection is kept for the next question. What is asked while one question is open goes over a
 * connection of its own, and what a kept connection's end leaves unanswered is asked once more over a new one.
 */
export class KeptHttp {
  #kept: { readonly stream: Duplex; readonly since: number } | null = null;
  #closed = false;

  constructor(
    private readonly link: Pick<HostLink, "dial">,
    private readonly clock: Clock,
    private readonly address: HostAddress,
  ) {}

  /** @throws HttpError within the deadline, whatever hangs */
  async ask(ask: HttpRequest & { readonly method: "GET" }): Promise<HttpAnswer> {
    const { clock } = this;
    const until = clock.now() + ask.deadlineMs;
    const left = () => Math.max(1, until - clock.now());
    const kept = this.#take();
    if (kept !== null) {
      try {
        return await this.#over(kept.stream, kept.since, ask);
      } catch (error) {
        if (!(error instanceof HttpError) || error.fault !== "closed") throw error;
      }
    }
    const stream = await dial(this.link, this.address, left());
    return this.#over(stream, clock.now(), { ...ask, deadlineMs: left() });
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #over(stream: Duplex, since: number, ask: HttpRequest): Promise<HttpAnswer> {
    let free = false;
    const freed = () => {
      free = true;
      this.#keep(stream, since);
    };
    stream.once("free", freed);
    try {
      const answer = await exchange(stream, this.clock, this.address, { ...ask, keep: true });
      // Node tells that the connection is free a moment after the answer's end.
      await new Promise((resolve) => setImmediate(resolve));
      return answer;
    } finally {
      stream.off("free", freed);
      if (!free) discard(stream);
    }
  }

  #take(): { readonly stream: Duplex; readonly since: number } | null {
    const kept = this.#kept;
    if (kept === null) return null;
    const age = this.clock.now() - kept.since;
    if (age < 0 || age >= KEPT_MS || !kept.stream.writable) this.#drop();
    this.#kept = null;
    for (const event of ENDS) kept.stream.off(event, this.#drop);
    return kept.stream.writable ? kept : null;
  }

  #keep(stream: Duplex, since: number): void {
    if (this.#closed || this.#kept !== null || stream.destroyed || stream.readableEnded) {
      discard(stream);
      return;
    }
    this.#kept = { stream, since };
    for (const event of ENDS) stream.on(event, this.#drop);
    // Read on, or its end would go unnoticed.
    stream.resume();
  }

  readonly #drop = (): void => {
    const kept = this.#kept;
    this.#kept = null;
    if (kept === null) return;
    for (const event of ENDS) kept.stream.off(event, this.#drop);
    discard(kept.stream);
  };
}
/** `data`: nobody asked for it. */
const ENDS = ["end", "error", "close", "data"] as const;

async function dial(link: Pick<HostLink, "dial">, address: HostAddress, deadlineMs: number): Promise<Duplex> {
  try {
    return await link.dial(address, { deadlineMs });
  } catch (error) {
    throw dialFault(error, address);
  }
}

function discard(stream: Duplex): void {
  stream.on("error", () => undefined);
  stream.destroy();
}

function exchange(stream: Duplex, clock: Clock, address: HostAddress, ask: HttpRequest & { readonly keep?: boolean }): Promise<HttpAnswer> {
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
        Connection: ask.keep ? "keep-alive" : "close",
        ...(body === undefined ? {} : { "Content-Length": String(body.length) }),
        ...ask.headers,
      },
    });
    const cancel = clock.after(ask.deadlineMs, () => fail(new HttpError("timeout", "no complete answer in time")));
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
