import type { Duplex } from "node:stream";
import type { SimClock } from "../sim-clock.ts";
import { accountValueMessages, pnlMessage, pnlSingleMessage, portfolioMessage, positionMessage, summaryMessages } from "./api-data.ts";
import { FARMS, farmNotice } from "./farms.ts";
import { encodeFrame, type Field, FrameReader } from "./frames.ts";
import type { GatewayPlan } from "./plan.ts";
import type { Portfolio } from "./portfolio.ts";

/** What a connection needs of its gateway. */
export interface ApiHost {
  readonly clock: SimClock;
  readonly plan: GatewayPlan;
  readonly readOnly: () => boolean;
  readonly portfolio: (account: string) => Portfolio | null;
  readonly connections: ReadonlySet<ApiConnection>;
  /** Something that would have traded or changed settings was asked. */
  readonly onWrite: (message: number) => void;
  readonly onMalformed: (reason: string) => void;
}

const MIN_VERSION = 100;
/** Messages that place, change, cancel or exercise something, or change the gateway: answered with 321, always. */
const WRITES = new Map([
  [3, "placeOrder"],
  [4, "cancelOrder"],
  [19, "replaceFA"],
  [21, "exerciseOptions"],
  [58, "reqGlobalCancel"],
  [109, "updateConfig"],
]);
/** Account summary and updates refresh about every three minutes. */
const REFRESH_MS = 180_000;

/** Time as the handshake carries it: "20260405 23:49:26 Central European Standard Time". */
function connectionTime(now: number): string {
  const iso = new Date(now).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "")} ${iso.slice(11, 19)} Coordinated Universal Time`;
}

/** One client of the API, from its first byte. Whatever arrives, it answers or closes; it never throws. */
export class ApiConnection {
  readonly #socket: Duplex;
  readonly #host: ApiHost;
  readonly #reader = new FrameReader();
  readonly #live = new Map<string, () => void>();
  readonly #summaries = new Set<string>();
  readonly #cancels = new Set<() => void>();
  #version = 0;
  #clientId: number | null = null;
  #ready = false;
  #ended = false;

  constructor(socket: Duplex, host: ApiHost) {
    this.#socket = socket;
    this.#host = host;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => this.close());
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
    if (host.plan.api.reply === "close-at-once") this.close();
    if (host.plan.api.reply === "wrong-protocol")
      socket.write("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
  }

  get clientId(): number | null {
    return this.#clientId;
  }
  get ready(): boolean {
    return this.#ready;
  }

  /** A notice to this client: id −1. */
  notice(code: number, text: string): void {
    if (this.#ready) this.#error(-1, code, text);
  }

  close(): void {
    if (!this.#socket.destroyed) {
      this.#socket.end();
      // Half-closed clients must not hold us.
      this.#cancels.add(this.#host.clock.after(2_000, () => this.#socket.destroy()));
    }
    this.#end();
  }

  /** Called once a second while the gateway lives. */
  tick(): void {
    if (this.#host.plan.api.deaf || this.#host.plan.hung !== null || !this.#host.plan.broker.line) return;
    for (const run of this.#live.values()) run();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ready = false;
    this.#live.clear();
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #take(chunk: Buffer) {
    const { reply, deaf } = this.#host.plan.api;
    if (this.#ended || reply === "silent" || reply === "wrong-protocol" || (deaf && this.#ready)) return;
    for (const item of this.#reader.push(chunk)) {
      if (this.#ended) return;
      if (item.kind === "malformed") {
        this.#host.onMalformed(item.reason);
        return this.close();
      }
      if (item.kind === "hello") this.#hello(item.min, item.max);
      else this.#message(item.fields);
    }
  }

  #send(fields: readonly Field[]): void {
    if (this.#ended || this.#socket.destroyed || this.#socket.writableEnded) return;
    const frame = encodeFrame(fields);
    const size = this.#host.plan.api.fragment;
    if (size <= 0) {
      this.#socket.write(frame);
      return;
    }
    for (let at = 0; at < frame.length; at += size) this.#socket.write(frame.subarray(at, at + size));
  }

  /** ≤193: version field and advanced reject; ≥194: no version field, error time. */
  #error(id: number | string, code: number, text: string): void {
    if (this.#version >= 194) this.#send([4, id, code, text, "", this.#host.clock.now()]);
    else if (this.#version >= 166) this.#send([4, 2, id, code, text, ""]);
    else this.#send([4, 2, id, code, text]);
  }

  #hello(min: number, max: number) {
    if (this.#host.plan.api.reply === "close-after-hello") return this.close();
    if (this.#host.plan.api.reply === "wrong-version") {
      // A version outside the range that was asked for.
      this.#send([max + 40, connectionTime(this.#host.clock.now())]);
      return;
    }
    const top = Math.min(max, this.#host.plan.api.maxVersion);
    if (top < MIN_VERSION || top < min) return this.close();
    this.#version = top;
    this.#send([top, connectionTime(this.#host.clock.now())]);
  }

  #startApi(clientId: number) {
    const { plan } = this.#host;
    if (plan.api.reply === "close-after-start") return this.close();
    if (plan.api.reply === "start-unanswered" || this.#clientId !== null) return;
    const taken = [...this.#host.connections].some((other) => other !== this && other.#clientId === clientId);
    if (taken || plan.api.heldClientIds.has(clientId)) {
      this.#error(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.");
      return this.close();
    }
    this.#clientId = clientId;
    const begin = () => {
      if (this.#ended) return;
      this.#send([15, 1, plan.accounts.join(",")]);
      if (plan.api.reply === "accounts-only") return;
      this.#send([9, 1, 1]);
      this.#ready = true;
      if (!plan.broker.line) {
        this.notice(2110, "Connectivity between Trader Workstation and server is broken. It will be restored automatically.");
        return;
      }
      for (const farm of FARMS) this.notice(...farmNotice(farm, !plan.broker.brokenFarms.has(farm.name)));
    };
    if (plan.api.readyDelayMs > 0) this.#cancels.add(this.#host.clock.after(plan.api.readyDelayMs, begin));
    else begin();
  }

  #message(fields: readonly string[]) {
    const id = Number(fields[0]);
    if (!Number.isInteger(id)) {
      this.#error(-1, 320, "Error reading request. Unable to parse field: 'message id'");
      return;
    }
    if (id === 71) {
      const clientId = Number(fields[2]);
      if (Number.isInteger(clientId) && clientId >= 0) this.#startApi(clientId);
      else this.#error(-1, 320, "Error reading request. Unable to parse field: 'client id'");
      return;
    }
    if (this.#clientId === null) return;
    const write = WRITES.get(id);
    if (write !== undefined) {
      this.#host.onWrite(id);
      const why = this.#host.readOnly() ? "The API interface is currently in Read-Only mode." : "The simulated gateway takes no orders and no changes.";
      this.#error(fields[1] ?? -1, 321, `Error validating request.-'${write}' : cause - ${why}`);
      return;
    }
    this.#read(id, fields);
  }

  #read(id: number, fields: readonly string[]) {
    const [, first = "", second = "", third = "", fourth = ""] = fields;
    switch (id) {
      case 49:
        return this.#send([49, 1, Math.floor(this.#host.clock.now() / 1000)]);
      case 8:
        return this.#send([9, 1, 1]);
      case 17:
        return this.#send([15, 1, this.#host.plan.accounts.join(",")]);
      case 14:
        return;
      case 5:
      case 16:
        return this.#send([53, 1]);
      case 99:
        return this.#send([102]);
      case 7:
        return this.#send([55, 1, second]);
      case 61:
        return this.#accountData(-1, () => {
          for (const account of this.#host.plan.accounts) {
            const portfolio = this.#host.portfolio(account);
            for (const holding of portfolio?.holdings ?? []) this.#send(positionMessage(account, holding));
          }
          this.#send([62, 1]);
        });
      case 62:
        return this.#summary(second, third, fourth);
      case 6:
        return this.#updates(second === "1", third);
      case 92:
        return this.#pnl(
          `pnl ${first}`,
          first,
          () => this.#portfolioOf(second),
          (portfolio) => pnlMessage(first, portfolio),
        );
      case 94:
        return this.#pnl(
          `single ${first}`,
          first,
          () => this.#portfolioOf(second),
          (portfolio) =>
            pnlSingleMessage(
              first,
              portfolio.holdings.find((holding) => String(holding.conId) === fourth),
              portfolio,
            ),
        );
      case 63:
        this.#summaries.delete(second);
        return this.#forget(`summary ${second}`);
      case 93:
        return this.#forget(`pnl ${first}`);
      case 95:
        return this.#forget(`single ${first}`);
      case 76:
        return this.#multi(second, third);
      case 64:
      case 75:
      case 77:
      case 2:
        return;
      default:
        return this.#error(fields[2] ?? -1, 321, `Error validating request.-'${id}' : cause - The simulated gateway does not offer this request.`);
    }
  }

  #portfolioOf(account: string): Portfolio | null {
    return this.#host.portfolio(account === "" ? (this.#host.plan.accounts[0] ?? "") : account);
  }

  #forget(key: string): void {
    this.#live.delete(key);
  }

  /** Account requests: silent, refused by the paper disclaimer, or answered. */
  #accountData(id: number | string, answer: () => void) {
    const { api, broker } = this.#host.plan;
    if (api.accountSilent || !broker.line) return;
    if (api.disclaimer) return this.#error(id, 10141, "Paper trading disclaimer must first be accepted for API connection.");
    answer();
  }

  #summary(reqId: string, group: string, tags: string) {
    if (!this.#summaries.has(reqId) && this.#summaries.size >= 2)
      return this.#error(reqId, 322, "Error processing request.-'bX' : cause - Maximum number of account summary requests exceeded");
    if (group === "" || reqId === "") return this.#error(reqId, 321, "Error validating request.-'bX' : cause - Group name cannot be null");
    this.#summaries.add(reqId);
    const asked = tags.split(",").map((tag) => tag.trim());
    const rows = () => {
      for (const account of this.#host.plan.accounts) {
        const portfolio = this.#host.portfolio(account);
        if (portfolio !== null) for (const row of summaryMessages(reqId, account, asked, portfolio)) this.#send(row);
      }
    };
    this.#accountData(reqId, () => {
      rows();
      this.#send([64, 1, reqId]);
      this.#every(`summary ${reqId}`, rows);
    });
  }

  #updates(subscribe: boolean, asked: string) {
    if (!subscribe) return this.#forget("updates");
    const account = asked === "" ? (this.#host.plan.accounts[0] ?? "") : asked;
    const portfolio = this.#portfolioOf(account);
    if (portfolio === null) return this.#error(-1, 321, "Error validating request.-'bX' : cause - Invalid account code");
    const rows = () => {
      for (const row of accountValueMessages(account, portfolio)) this.#send(row);
      for (const holding of portfolio.holdings) this.#send(portfolioMessage(account, holding, portfolio));
      this.#send([8, 1, new Date(this.#host.clock.now()).toISOString().slice(11, 16)]);
    };
    this.#accountData(-1, () => {
      rows();
      this.#send([54, 1, account]);
      this.#every("updates", rows);
    });
  }

  #multi(reqId: string, account: string) {
    const portfolio = this.#portfolioOf(account);
    if (portfolio === null) return this.#error(reqId, 321, "Error validating request.-'bX' : cause - Invalid account code");
    this.#accountData(reqId, () => {
      for (const [key, figure] of portfolio.figures()) this.#send([73, 1, reqId, account, "", key, figure.value, figure.currency]);
      this.#send([74, 1, reqId]);
    });
  }

  #pnl(key: string, reqId: string, portfolioOf: () => Portfolio | null, message: (portfolio: Portfolio) => Field[]) {
    const portfolio = portfolioOf();
    if (portfolio === null) return this.#error(reqId, 321, "Error validating request.-'bX' : cause - Invalid account code");
    this.#accountData(reqId, () => {
      this.#send(message(portfolio));
      this.#live.set(key, () => this.#host.plan.api.marketOpen && this.#send(message(portfolio)));
    });
  }

  #every(key: string, run: () => void): void {
    let due = this.#host.clock.now() + REFRESH_MS / this.#host.clock.speed;
    this.#live.set(key, () => {
      if (this.#host.clock.now() < due) return;
      due = this.#host.clock.now() + REFRESH_MS / this.#host.clock.speed;
      run();
    });
  }
}
