import { connect, createServer } from "node:net";
import { SimClock } from "../../../electron/simulator/sim-clock.ts";
import { ApiPort } from "../../lab/stand-in/api-port.ts";
import { type Orders, planOf } from "../../lab/stand-in/orders.ts";

/** The API port of the lab's stand-in in a process of its own, without its container: it is told by messages what it is told there by the orders file. */
export type Word =
  | { readonly orders: Orders }
  /** The line to IBKR: false 1100; true 1101 or 1102. */
  | { readonly line: boolean; readonly code: number }
  | { readonly notice: readonly [code: number, text: string] }
  | { readonly moveTo: number }
  | { readonly drop: true };

const [wanted = "0", record = "/dev/null"] = process.argv.slice(2);
const plan = planOf("paper", {});
plan.broker.line = true;
let socketPort = Number(wanted);
const api = new ApiPort({
  clock: new SimClock(1),
  plan: () => plan,
  settings: () => ({ socketPort, readOnly: false, localhostOnly: true, trustedIps: ["127.0.0.1"] }),
  record,
  onDialog: () => undefined,
  onChange: () => undefined,
});

function obey(word: Word): void {
  if ("orders" in word) {
    const next = planOf("paper", word.orders);
    // The connections hold the plan: it is changed, never replaced.
    Object.assign(plan.api, next.api);
    Object.assign(plan, { ...next, api: plan.api, broker: { ...next.broker, line: true } });
  } else if ("line" in word) {
    plan.broker.line = word.line;
    if (word.code !== 0) api.notice(word.code, `Connectivity between IBKR and Trader Workstation: ${word.code}`);
  } else if ("notice" in word) api.notice(...word.notice);
  else if ("moveTo" in word) {
    socketPort = word.moveTo;
    api.portChanged(socketPort);
  } else api.dropAll();
}

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, "::", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
const accepts = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => done(false));
    socket.on("connect", () => {
      socket.destroy();
      done(true);
    });
  });

if (socketPort === 0) socketPort = await freePort();
const spare = await freePort();
api.open();
while (!(await accepts(socketPort))) await new Promise((done) => setTimeout(done, 10));
setInterval(() => api.tick(), 200);
process.on("message", (word: Word) => {
  obey(word);
  process.send?.({ obeyed: true });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ port: socketPort, spare });
