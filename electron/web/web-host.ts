import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Handlers } from "../../shared/contract.ts";
import { greeting } from "../../shared/pipe.ts";
import { CLOSE, LIMITS, type Pipe, PROTOCOL, type ScreenDoor, type ServedLink, type SnapshotStore, serveLink, socketPipe } from "../../shared/rpc.ts";
import { hostAllowed, originAllowed, tokenMatches } from "./admission.ts";
import { responseHeaders } from "./response-headers.ts";
import { readStatic } from "./static-files.ts";

export const LINK_PATH = "/link";
const MAX_WINDOWS = 16;
const MAX_STRANGERS = 16;
const MAX_CONNECTIONS = 128;

export interface WebHostOptions {
  readonly handlers: Handlers;
  readonly store: SnapshotStore;
  readonly screens: ScreenDoor;
  /** The built renderer. */
  readonly staticDir: string;
  /** 0 or absent: the system chooses. */
  readonly port?: number;
  /** 43 characters of base64url (32 random bytes) unless given. */
  readonly token?: string;
  /** How long a socket may stay without showing the token, in ms. Default 5 s. */
  readonly admissionMs?: number;
}
export interface WebHost {
  /** The address to open, with the token in the fragment: browsers send fragments to nobody. */
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Windows connected now. */
  readonly windows: number;
  close(): Promise<void>;
}

/**
 * The same app in a browser: static files and one WebSocket a window, on 127.0.0.1 only.
 * @throws Error (code EADDRINUSE, EACCES) when the port cannot be had
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const token = options.token ?? randomBytes(32).toString("base64url");
  const links = new Set<ServedLink>();
  const strangers = new Set<Pipe>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 2 * LIMITS.textIn, clientTracking: true });
  const server = createServer({ noDelay: true, requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`gatelight: cannot serve ${JSON.stringify(request.url ?? "")}: ${error instanceof Error ? error.message : String(error)}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  let port = options.port ?? 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, text: string, more: Record<string, string> = {}) => {
      response.writeHead(status, { ...responseHeaders(port), "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...more });
      response.end(`${text}\n`);
    };
    if (!hostAllowed(request.headers.host, port)) return refuse(421, "This is not the host you are looking for.");
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Only GET and HEAD are served.", { Allow: "GET, HEAD" });
    const file = await readStatic(options.staticDir, request.url ?? "");
    if (file === null) return refuse(404, "Not found.");
    response.writeHead(200, { ...responseHeaders(port), "Content-Type": file.type, "Content-Length": file.body.length, "Cache-Control": file.cache });
    response.end(request.method === "HEAD" ? undefined : file.body);
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.on("error", () => socket.destroy());
    if (!hostAllowed(request.headers.host, port)) return refuse("421 Misdirected Request");
    if (request.url !== LINK_PATH) return refuse("404 Not Found");
    if (!originAllowed(request.headers.origin, port)) return refuse("403 Forbidden");
    if (strangers.size >= MAX_STRANGERS) return refuse("503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => admit(socketPipe(webSocket), webSocket));
  });

  function admit(pipe: Pipe, webSocket: WebSocket): void {
    strangers.add(pipe);
    const refuse = (code: number, reason: string) => {
      pipe.close(code, reason);
      // A stranger that does not answer the close is not waited for.
      setTimeout(() => webSocket.terminate(), 1000).unref();
    };
    const patience = setTimeout(() => refuse(CLOSE.token, "no token was shown"), options.admissionMs ?? 5_000);
    const known = () => {
      clearTimeout(patience);
      strangers.delete(pipe);
    };
    pipe.onClose(known);
    pipe.onMessage((data) => {
      const read = typeof data === "string" && data.length <= 1024 ? greeting.safeParse(parse(data)) : null;
      if (read?.success !== true || !tokenMatches(read.data.token, token)) return refuse(CLOSE.token, "the token is missing or wrong");
      if (read.data.protocol !== PROTOCOL) return refuse(CLOSE.protocol, `Core speaks version ${PROTOCOL}: reload the page`);
      if (links.size >= MAX_WINDOWS) return refuse(CLOSE.full, `${MAX_WINDOWS} windows are open already`);
      known();
      const link = serveLink(pipe, { ...options, linkId: randomBytes(16).toString("hex") });
      links.add(link);
      void link.closed.then(() => links.delete(link));
    });
  }

  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the browser host has no port");
  port = address.port;
  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    token,
    port,
    get windows() {
      return links.size;
    },
    async close() {
      for (const link of links) link.close(CLOSE.away, "Gatelight was closed");
      for (const pipe of strangers) pipe.close(CLOSE.away, "Gatelight was closed");
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Time for the close frames, then the end for those who do not answer.
      await Promise.race([
        Promise.all([...sockets.clients].map((client) => once(client, "close"))),
        new Promise((resolve) => setTimeout(resolve, 500).unref()),
      ]);
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
