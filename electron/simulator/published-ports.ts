import { createServer, type Server, type Socket } from "node:net";
import type { HostDial } from "./host-dial.ts";

/** Real loopback listeners in place of the ports that Docker would publish, so that a real sshd reaches the simulated containers. */
export class PublishedPorts {
  readonly #servers = new Map<string, { server: Server; port: number }>();
  readonly #sockets = new Set<Socket>();
  #dial: HostDial | null = null;

  /** @param keys one for each port wanted, e.g. "paper:5900" */
  async open(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#serve(key, socket));
      const port = await new Promise<number>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          if (typeof address === "object" && address !== null) resolve(address.port);
          else reject(new Error("no address"));
        });
      });
      this.#servers.set(key, { server, port });
    }
  }

  use(dial: HostDial): void {
    this.#dial = dial;
  }

  /** @returns the real port, or `null` where none was opened */
  port(key: string): number | null {
    return this.#servers.get(key)?.port ?? null;
  }

  async dispose(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#servers.values()].map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  #serve(key: string, socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
    const port = this.port(key);
    if (this.#dial === null || port === null) {
      socket.destroy();
      return;
    }
    this.#dial.dial("127.0.0.1", port).then(
      (target) => {
        target.once("close", () => socket.destroy());
        socket.once("close", () => target.destroy());
        socket.pipe(target);
        target.pipe(socket);
      },
      () => socket.resetAndDestroy(),
    );
  }
}
