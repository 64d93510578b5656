import { createServer, type Socket } from "node:net";
import { PER_SECOND, POSITIONS } from "./rates.ts";

/**
 * A gateway in a process of its own, so that its work is not counted: one client at a time, many positions, and on a word from its parent a flood for as long
 * as the client stays. A third of it are lines of the portfolio, a third positions, a third results, by account and by position, as they were asked for.
 */
const ACCOUNT = "DU1234567";

type Field = string | number;
const frame = (...fields: Field[]) => {
  const body = Buffer.from(`${fields.join("\0")}\0`);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
};
const contract = (i: number) => [i, `S${i}`, "STK", "", "0.0", "", ""];

class Client {
  private buffer = Buffer.alloc(0);
  private hello = false;
  private flood: NodeJS.Timeout | undefined;
  /** Requests for results: of the account, and by position. */
  private accountResult: string | null = null;
  private readonly results: { request: string; conId: number }[] = [];

  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => clearInterval(this.flood));
    socket.on("data", (chunk) => this.read(chunk));
  }

  start(onSent: (sent: number) => void): void {
    const started = performance.now();
    let sent = 0;
    this.flood = setInterval(() => {
      const due = Math.floor(((performance.now() - started) / 1000) * PER_SECOND);
      const messages: Buffer[] = [];
      for (; sent < due; sent++) messages.push(this.update(sent));
      if (messages.length > 0) this.socket.write(Buffer.concat(messages));
      onSent(sent);
    }, 10);
  }

  private update(n: number): Buffer {
    const i = (n % POSITIONS) + 1;
    const price = 10 + n / 1000;
    if (n % 3 === 0) return frame(7, 8, ...contract(i), "NASDAQ", "USD", `S${i}`, "NMS", "5", price, 5 * price, "10.5", "1.5", "0", ACCOUNT);
    if (n % 3 === 1) return this.position(i, 10 + n / 5000);
    const result = this.results[n % (this.results.length + 1)];
    if (result === undefined) return frame(94, this.accountResult ?? 0, n / 100, "-3.25", "0");
    return frame(95, result.request, "5", n / 1000, n / 500, "0", 5 * price);
  }

  private position(i: number, cost: number): Buffer {
    return frame(61, 3, ACCOUNT, ...contract(i), "", "USD", `S${i}`, "NMS", "5", cost);
  }

  private send(...fields: Field[]): void {
    this.socket.write(frame(...fields));
  }

  private read(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    if (!this.hello) {
      const length = this.buffer.length >= 8 ? this.buffer.readUInt32BE(4) : 0;
      if (length === 0 || this.buffer.length < 8 + length) return;
      this.buffer = this.buffer.subarray(8 + length);
      this.hello = true;
      this.send(193, "20261124 10:00:00 CET");
    }
    while (this.buffer.length >= 4 && this.buffer.length >= 4 + this.buffer.readUInt32BE(0)) {
      const length = this.buffer.readUInt32BE(0);
      const fields = this.buffer.toString("utf8", 4, 4 + length).split("\0");
      this.buffer = this.buffer.subarray(4 + length);
      this.answer(fields);
    }
  }

  private answer([id, second = "", third = "", fourth = "", fifth = ""]: readonly string[]): void {
    switch (id) {
      case "71":
        this.send(15, 1, ACCOUNT);
        this.send(9, 1, 1);
        break;
      case "62":
        this.send(63, 1, third, ACCOUNT, "NetLiquidation", "1000000.00", "USD");
        this.send(64, 1, third);
        break;
      case "61":
        for (let i = 1; i <= POSITIONS; i++) this.socket.write(this.position(i, 10.5));
        this.send(62, 1);
        break;
      case "49":
        this.send(49, 1, Math.floor(Date.now() / 1000));
        break;
      case "6":
        if (third === "1") this.send(54, 1, fourth);
        break;
      case "92":
        this.accountResult = second;
        break;
      case "94":
        this.results.push({ request: second, conId: Number(fifth) });
    }
  }
}

let client: Client | null = null;
const server = createServer({ noDelay: true }, (socket) => {
  client = new Client(socket);
});
process.on("message", () => client?.start((sent) => process.connected && process.send?.({ sent })));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("disconnect", () => process.exit(0));
