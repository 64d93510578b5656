import { fork } from "node:child_process";
import { join } from "node:path";

export interface FloodingGateway {
  readonly port: number;
  readonly pid: number;
  /** Updates sent so far. */
  sent(): number;
  /** Begins the flood on the connection that is open. */
  flood(): void;
  stop(): void;
}

export async function startGateway(): Promise<FloodingGateway> {
  const child = fork(join(import.meta.dirname, "gateway.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let sent = 0;
  const port = await new Promise<number>((done) => {
    child.on("message", (message: { port?: number; sent?: number }) => {
      if (message.port !== undefined) done(message.port);
      if (message.sent !== undefined) sent = message.sent;
    });
  });
  return { port, pid: child.pid ?? 0, sent: () => sent, flood: () => void child.send("flood"), stop: () => child.disconnect() };
}
