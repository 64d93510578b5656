import type { Endpoint } from "../net/endpoint.ts";
import type { Listener } from "../net/listener.ts";
import type { Namespace } from "../net/namespace.ts";

export interface CommandHost {
  readonly log: (text: string) => void;
  /** The JVM hangs: connections are accepted by the kernel and never answered. */
  readonly mute: () => boolean;
  /** @returns the reply; `close` ends the connection after it */
  readonly run: (command: string) => { readonly reply: string | null; readonly close: boolean };
}

const MAX_LINE = 1024;

/** IBC's command server: one command a line, case-insensitive, no greeting, 127.0.0.1 only. */
export function openCommandServer(namespace: Namespace, port: number, host: CommandHost): Listener {
  const serve = (socket: Endpoint) => {
    if (host.mute()) {
      socket.resume();
      return;
    }
    const from = socket.init.remote.address;
    host.log(`CommandServer accepted connection from: /${from}`);
    if (!from.startsWith("127.")) {
      host.log(`CommandServer refused connection from: /${from}`);
      socket.end();
      socket.resume();
      return;
    }
    let pending = "";
    socket.on("data", (chunk: Buffer) => {
      if (host.mute()) return;
      pending += chunk.toString("latin1");
      if (pending.length > MAX_LINE && !pending.includes("\n")) {
        socket.destroy();
        return;
      }
      const lines = pending.split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        const command = line.trim().toUpperCase();
        if (command === "" || socket.writableEnded) continue;
        host.log(`CommandServer received command: ${command}`);
        const { reply, close } = host.run(command);
        if (reply !== null) socket.write(`${reply}\r\n`);
        if (close) {
          host.log("CommandServer closing connection");
          socket.end();
        }
      }
    });
    socket.on("end", () => socket.end());
  };
  return namespace.listen({ port, family: 6, address: "::", backlog: 50, onConnection: serve });
}
