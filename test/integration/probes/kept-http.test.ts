import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { HttpError, KeptHttp } from "../../../electron/core/probes/mcp/http-client.ts";

const health = { method: "GET", path: "/health", deadlineMs: 10_000 } as const;
let server: Server;
let answer: (response: ServerResponse, socket: Socket) => void;
let accepted: Socket[];
let dialled: Socket[];
let kept: KeptHttp;
let skip = 0;
const clock = { ...systemClock, now: () => systemClock.now() + skip };

async function listen(port = 0): Promise<number> {
  server = createServer((request, response) => answer(response, request.socket));
  server.on("connection", (socket) => accepted.push(socket));
  server.keepAliveTimeout = 60_000;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

beforeEach(async () => {
  accepted = [];
  dialled = [];
  skip = 0;
  answer = (response) => response.end("well");
  const port = await listen();
  const dial = async (): Promise<Duplex> => {
    const socket = connect(port, "127.0.0.1");
    dialled.push(socket);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  kept = new KeptHttp({ dial }, clock, { host: "127.0.0.1", port });
});
afterEach(async () => {
  kept.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const gone = (socket: Socket | undefined) => (socket === undefined || socket.closed ? Promise.resolve() : once(socket, "close"));

describe("questions over a kept connection", () => {
  it("go over one connection, however many they are, and leave nothing behind on it", async () => {
    const count = () => (dialled[0] === undefined ? 0 : dialled[0].eventNames().reduce((sum, name) => sum + (dialled[0]?.listenerCount(name) ?? 0), 0));
    await kept.ask(health);
    const before = count();
    for (let i = 0; i < 20; i++) expect(await kept.ask(health)).toMatchObject({ status: 200, body: "well" });
    expect(dialled.length).toBe(1);
    expect(count()).toBe(before);
  });

  it("a connection that the server has closed meanwhile is not used again", async () => {
    await kept.ask(health);
    accepted[0]?.destroy();
    await gone(dialled[0]);
    expect((await kept.ask(health)).body).toBe("well");
    expect(dialled.length).toBe(2);
  });

  it("what a kept connection's end leaves unanswered is asked over a new one, once", async () => {
    await kept.ask(health);
    let cut = 0;
    answer = (response, socket) => {
      if (cut++ === 0) socket.destroy();
      else response.end("after all");
    };
    expect((await kept.ask(health)).body).toBe("after all");
    expect(dialled.length).toBe(2);
    answer = (_response, socket) => socket.destroy();
    await expect(kept.ask(health)).rejects.toMatchObject({ fault: "closed" });
    expect(dialled.length).toBe(3);
  });

  it("a server that stands still is told within the deadline, and its connection is let go", async () => {
    await kept.ask(health);
    answer = () => undefined;
    await expect(kept.ask({ ...health, deadlineMs: 300 })).rejects.toMatchObject({ fault: "timeout" });
    await gone(dialled[0]);
    answer = (response) => response.end("again");
    expect((await kept.ask(health)).body).toBe("again");
    expect(dialled.length).toBe(2);
  });

  it("two at once have a connection each, and one of them stays", async () => {
    await Promise.all([kept.ask(health), kept.ask(health)]);
    expect(dialled.length).toBe(2);
    await kept.ask(health);
    expect(dialled.length).toBe(2);
    await Promise.race(dialled.map(gone));
    expect(dialled.filter((socket) => !socket.destroyed).length).toBe(1);
  });

  it("a server that wants to close after each answer may", async () => {
    answer = (response) => response.setHeader("Connection", "close").end("once");
    for (let i = 0; i < 3; i++) expect((await kept.ask(health)).body).toBe("once");
    expect(dialled.length).toBe(3);
  });

  it("a connection is met anew after a minute, and let go at the end", async () => {
    await kept.ask(health);
    skip = 61_000;
    await kept.ask(health);
    expect(dialled.length).toBe(2);
    await gone(dialled[0]);
    kept.close();
    await gone(dialled[1]);
  });

  it("bytes that nobody asked for end it", async () => {
    await kept.ask(health);
    accepted[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies");
    await gone(dialled[0]);
    expect((await kept.ask(health)).body).toBe("well");
  });

  it("fails as a single question does where nothing listens", async () => {
    const refused = new KeptHttp({ dial: () => Promise.reject(new Error("no")) }, clock, { host: "127.0.0.1", port: 1 });
    await expect(refused.ask(health)).rejects.toBeInstanceOf(HttpError);
  });
});
