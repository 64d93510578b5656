import { connect, createServer } from "node:net";

/**
 * A TCP proxy and nothing more, in a process of its own: what Node's sockets alone cost a forward. Its argument is the port it leads to; prints its own
 * as one line of JSON; ends with its standard input.
 */
const target = Number(process.argv[2]);
const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ host: "127.0.0.1", port: target, noDelay: true });
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on("data", (chunk) => to.write(chunk));
    from.on("error", () => {});
    from.on("close", () => to.destroy());
  }
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ echo: typeof address === "object" && address !== null ? address.port : 0 })}\n`);
});
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
