import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";

const MAX = 65_536;

/** One JSON request a connection, one JSON answer. @throws nothing: a handler's error is the answer */
export function serveControl(path: string, handle: (request: unknown) => unknown): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX) socket.destroy();
      if (!text.includes("\n")) return;
      Promise.resolve()
        .then(() => handle(JSON.parse(text)))
        .then(
          (answer) => socket.end(`${JSON.stringify({ ok: true, answer: answer ?? null })}\n`),
          (error: unknown) => socket.end(`${JSON.stringify({ ok: false, why: error instanceof Error ? error.message : String(error) })}\n`),
        );
    });
  });
  server.listen(path);
  return server;
}

/** @throws Error when nobody serves the path, the handler failed, or no answer came in time */
export function askControl(path: string, request: unknown, deadlineMs = 20_000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer on ${path}`)), deadlineMs);
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      if (!text.endsWith("\n")) return reject(new Error(`no answer on ${path}`));
      const reply: unknown = JSON.parse(text);
      if (typeof reply === "object" && reply !== null && "ok" in reply && reply.ok === true) resolve("answer" in reply ? reply.answer : null);
      else reject(new Error(typeof reply === "object" && reply !== null && "why" in reply ? String(reply.why) : "failed"));
    });
  });
}
