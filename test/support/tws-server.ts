import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

/**
 * A small TWS API server for tests, written from the published wire layouts (server version 193 and below), not from our decoder. It plays one behaviour at
 * a time and keeps count of what clients did.
 */
export type TwsBehaviour =
  /** Version, accounts, next id, answers to requests. */
  | "serve"
  | "silent"
  | "close-at-once"
  | "close-later"
  | "reset"
  | "close-after-start"
  | "start-unanswered"
  | "accounts-only"
  | "id-only"
  | "id-in-use"
  | "id-in-use-first"
  | "id-in-use-open";

export interface TwsPosition {
  readonly account: string;
  readonly conId: number;
  readonly symbol: string;
  readonly secType?: string;
  readonly expiry?: string;
  readonly strike?: string;
  readonly right?: string;
  readonly multiplier?: string;
  readonly currency?: string;
  readonly localSymbol?: string;
  readonly quantity: string;
  readonly averageCost: string;
}

type Field = string | number;
export function frame(...fields: Field[]): Buffer {
  const body = Buffer.from(`${fields.map(String).join("\0")}\0`, "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

export const positionFields = (p: TwsPosition): Field[] => [
  61,
  3,
  p.account,
  p.conId,
  p.symbol,
  p.secType ?? "STK",
  p.expiry ?? "",
  p.strike ?? "0.0",
  p.right ?? "",
  p.multiplier ?? "",
  "",
  p.currency ?? "USD",
  p.localSymbol ?? p.symbol,
  p.symbol,
  p.quantity,
  p.averageCost,
];

export interface TwsClient {
  readonly socket: Socket;
  /** What came after the hello, as fields. */
  readonly requests: string[][];
  readonly clientId: number | null;
  send(...fields: Field[]): void;
}

export class TwsServer {
  behaviour: TwsBehaviour = "serve";
  /** Instead of any protocol: these bytes on connect (after the hello when `bannerAfterHello`). */
  banner: Buffer | null = null;
  bannerAfterHello = false;
  version: Field = 193;
  connectionTime = "20261124 10:00:00 Central European Standard Time";
  accounts = "DU1234567,";
  summary: [account: string, tag: string, value: string, currency: string][] = [
    ["DU1234567", "NetLiquidation", "1000123.45", "USD"],
    ["DU1234567", "BuyingPower", "4000000.00", "USD"],
    ["DU1234567", "Cushion", "0.98", ""],
    ["DU1234567", "CashBalance", "900000.10", "USD"],
    ["DU1234567", "CashBalance", "-12.5", "EUR"],
    ["DU1234567", "CashBalance", "899986.00", "BASE"],
  ];
  positions: TwsPosition[] = [];
  /** Bytes a write; 0: whole frames. */
  fragment = 0;
  /** Sent right after the next id. */
  greetings: Field[][] = [[4, 2, -1, 2104, "Market data farm connection is OK:usfarm", ""]];
  /** Ids of requests that are not answered. */
  readonly mute = new Set<number>();
  readonly clients: TwsClient[] = [];
  /** Connections ever, and the most at any one time. */
  connections = 0;
  maxOpen = 0;
  open = 0;
  private frozen = false;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer({ allowHalfOpen: false }, (socket) => this.accept(socket));

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this.port;
  }
  get port(): number {
    const address: AddressInfo | string | null = this.server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return address.port;
  }
  get client(): TwsClient {
    const last = this.clients.at(-1);
    if (last === undefined) throw new Error("no client yet");
    return last;
  }
  /** Neither reads nor writes, as after SIGSTOP; the kernel still takes bytes. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.pause();
  }
  thaw(): void {
    this.frozen = false;
    for (const socket of this.sockets) socket.resume();
  }
  dropAll(how: "end" | "reset" = "end"): void {
    for (const socket of this.sockets) how === "end" ? socket.end() : socket.resetAndDestroy();
  }
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(socket: Socket): void {
    this.connections++;
    this.open++;
    this.maxOpen = Math.max(this.maxOpen, this.open);
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.open--;
      this.sockets.delete(socket);
    });
    const state = { clientId: null as number | null, hello: false, buffer: Buffer.alloc(0) };
    const client: TwsClient = {
      socket,
      requests: [],
      get clientId() {
        return state.clientId;
      },
      send: (...fields) => this.write(socket, frame(...fields)),
    };
    this.clients.push(client);
    if (this.behaviour === "close-at-once") {
      socket.resume();
      socket.end();
      return;
    }
    if (this.banner !== null && !this.bannerAfterHello) socket.write(this.banner);
    socket.on("data", (chunk) => {
      if (this.frozen) return;
      state.buffer = Buffer.concat([state.buffer, chunk]);
      if (!state.hello) {
        if (state.buffer.length < 8) return;
        const length = state.buffer.readUInt32BE(4);
        if (state.buffer.subarray(0, 4).toString("latin1") !== "API\0" || state.buffer.length < 8 + length) return;
        state.buffer = state.buffer.subarray(8 + length);
        state.hello = true;
        if (this.banner !== null) {
          if (this.bannerAfterHello) socket.write(this.banner);
          return;
        }
        if (this.behaviour === "silent") return;
        if (this.behaviour === "reset") {
          socket.resetAndDestroy();
          return;
        }
        if (this.behaviour === "close-later") {
          setTimeout(() => socket.end(), 2300);
          return;
        }
        client.send(this.version, this.connectionTime);
      }
      while (state.buffer.length >= 4 && state.buffer.length >= 4 + state.buffer.readUInt32BE(0)) {
        const length = state.buffer.readUInt32BE(0);
        const fields = state.buffer
          .toString("utf8", 4, 4 + length)
          .split("\0")
          .slice(0, -1);
        state.buffer = state.buffer.subarray(4 + length);
        if (fields[0] === "71") {
          state.clientId = Number(fields[2]);
          this.onStart(client);
        } else {
          client.requests.push(fields);
          this.onRequest(client, fields);
        }
      }
    });
  }

  private onStart(client: TwsClient): void {
    const inUse = () => client.send(4, 2, -1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.", "");
    switch (this.behaviour) {
      case "close-after-start":
        client.socket.end();
        return;
      case "start-unanswered":
        return;
      case "id-in-use":
        inUse();
        client.socket.end();
        return;
      case "id-in-use-open":
        inUse();
        return;
      case "id-in-use-first":
        if (client.clientId === 901) {
          inUse();
          client.socket.end();
          return;
        }
    }
    if (this.behaviour !== "id-only") client.send(15, 1, this.accounts);
    if (this.behaviour !== "accounts-only") client.send(9, 1, 1);
    for (const greeting of this.greetings) client.send(...greeting);
  }

  private onRequest(client: TwsClient, fields: string[]): void {
    const id = Number(fields[0]);
    if (this.mute.has(id)) return;
    if (id === 49) client.send(49, 1, Math.floor(Date.now() / 1000));
    if (id === 62) {
      for (const row of this.summary) client.send(63, 1, fields[2] ?? "", ...row);
      client.send(64, 1, fields[2] ?? "");
    }
    if (id === 61) {
      for (const position of this.positions) client.send(...positionFields(position));
      client.send(62, 1);
    }
    if (id === 6 && fields[2] === "1") client.send(54, 1, fields[3] ?? "");
    if (id === 92) client.send(94, fields[1] ?? "", "12.25", "-3.5", "1.7976931348623157E308");
    if (id === 94) client.send(95, fields[1] ?? "", "1", "5.5", "1.25", "0", "100");
  }

  private write(socket: Socket, bytes: Buffer): void {
    if (this.frozen || socket.destroyed || !socket.writable) return;
    if (this.fragment === 0) {
      socket.write(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += this.fragment) socket.write(bytes.subarray(at, at + this.fragment));
  }
}
