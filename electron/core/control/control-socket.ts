import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Handlers } from "../../../shared/contract.ts";
import { type Client, createClient, type ScreenDoor, type SnapshotStore, serveLink } from "../../../shared/rpc.ts";
import { controlPath } from "./control-path.ts";
import { streamPipe } from "./stream-pipe.ts";

const ANSWER_MS = 3_000;
const MAX_CLIENTS = 16;

export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/** Another Gatelight answers on this data folder. */
export class AlreadyRunning extends Error {
  override readonly name = "AlreadyRunning";
}

/**
 * Lets the command line ask this Gatelight instead of connecting to the gateway a second time. Only this user can open it (mode 0600 in a
 * folder of mode 0700; a named pipe carries its owner's default rights). It is also the lock of the data folder.
 * @throws AlreadyRunning when another Gatelight answers there
 */
export async function serveControl(dataDir: string, core: { handlers: Handlers; store: SnapshotStore; screens: ScreenDoor }): Promise<ControlServer> {
  const path = controlPath(dataDir);
  const sockets = new Set<Socket>();
  const listen = () =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer((socket) => {
        if (sockets.size >= MAX_CLIENTS) return socket.destroy();
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        serveLink(streamPipe(socket), { ...core, linkId: `control-${randomBytes(12).toString("hex")}` });
      });
      server.once("error", reject);
      const before = process.umask(0o077);
      server.listen(path, () => {
        server.off("error", reject);
        server.on("error", () => {
          // Accept errors (out of descriptors): the listener lives on.
        });
        resolve(server);
      });
      process.umask(before);
    });

  let server: Server;
  try {
    server = await listen();
  } catch (error) {
    if (!isCode(error, "EADDRINUSE")) throw error;
    if (await answers(path)) throw new AlreadyRunning("Gatelight already runs on this data folder.");
    // Left behind by a process that was killed. Only a socket is removed, never a file of the person's.
    if (process.platform !== "win32" && lstatSync(path).isSocket()) rmSync(path);
    server = await listen();
  }
  if (process.platform !== "win32") chmodSync(path, 0o600);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** @returns `null` where no Gatelight runs on this data folder */
export async function connectControl(dataDir: string): Promise<Client | null> {
  const socket = await open(controlPath(dataDir));
  if (socket === null) return null;
  const client = createClient(streamPipe(socket));
  let cancel: () => void = () => {};
  const late = new Promise<"late">((resolve) => {
    const timer = setTimeout(() => resolve("late"), ANSWER_MS);
    cancel = () => clearTimeout(timer);
  });
  const first = await Promise.race([
    client.ready.then(
      () => "ready" as const,
      () => "gone" as const,
    ),
    late,
  ]);
  cancel();
  if (first === "ready") return client;
  client.close();
  if (first === "late") throw new Error("Gatelight runs on this data folder but does not answer; quit it and try again.");
  return null;
}

async function answers(path: string): Promise<boolean> {
  const socket = await open(path);
  socket?.destroy();
  return socket !== null;
}

function open(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(null);
    }, ANSWER_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on("error", () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code;
