import { createServer, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import type { Where } from "../docker/compose.ts";
import type { Io } from "../shell/io.ts";

const MAX_FRAME = 1024 * 1024;

function frame(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

export type DockerRun = (argv: readonly string[], io: Io, where: Where) => Promise<number>;

/** The other end of the shim `docker`: a Unix socket in the private folder. */
export class ControlSocket {
  readonly #run: DockerRun;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  /** For tests: calls of the shim. */
  calls = 0;

  constructor(run: DockerRun) {
    this.#run = run;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => resolve());
    });
  }

  async dispose(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const abort = new AbortController();
    const stdin = new PassThrough();
    let pending: Buffer = Buffer.alloc(0);
    const send = (kind: string, data: string | Buffer) => void (socket.writable && socket.write(frame(kind, Buffer.from(data))));
    const io: Io = { stdin, out: (data) => send("o", data), err: (data) => send("r", data), signal: abort.signal };
    const command = (body: Buffer) => {
      const call = parseCall(body);
      if (call === null) {
        socket.destroy();
        return;
      }
      this.calls += 1;
      const finish = (code: number) => {
        const exit = Buffer.alloc(4);
        exit.writeUInt32BE(code >>> 0);
        send("x", exit);
        socket.end();
      };
      this.#run(call.argv, io, call.where).then(finish, () => finish(255));
    };
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      stdin.end();
      abort.abort();
    });
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5) {
        const length = pending.readUInt32BE(1);
        if (length > MAX_FRAME) {
          socket.destroy();
          return;
        }
        if (pending.length < 5 + length) return;
        const kind = pending.toString("latin1", 0, 1);
        const body = pending.subarray(5, 5 + length);
        pending = pending.subarray(5 + length);
        if (kind === "c") command(body);
        else if (kind === "i") stdin.write(Buffer.from(body));
        else if (kind === "e") stdin.end();
      }
    });
  }
}

function parseCall(body: Buffer): { argv: string[]; where: Where } | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value !== "object" || value === null || !("argv" in value) || !Array.isArray(value.argv)) return null;
    const env = "env" in value && Array.isArray(value.env) ? value.env.map(String) : [];
    return { argv: value.argv.map(String), where: { cwd: "cwd" in value ? String(value.cwd) : null, env: new Set(env) } };
  } catch {
    return null;
  }
}
