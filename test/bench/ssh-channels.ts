import { createInterface } from "node:readline";
import { cleanUp, openLink, until } from "../integration/host-link/support.ts";
import { type Open, Traffic } from "./ssh-traffic.ts";

/**
 * Gatelight's link and the program that uses its channels, in a process of its own: in the bench's process the buffers that are read from `ssh -L` would
 * slow it down (V8 collects both together). Its argument is JSON: how the server is reached, and the ports by name. Takes an order a line, answers with the
 * times as one line of JSON; ends with its standard input.
 */
const { reach, targets }: { reach: Parameters<typeof openLink>[0]; targets: Record<string, number> } = JSON.parse(process.argv[2] ?? "{}");
const { link } = openLink(reach);
await until(link, "up");
const open: Open = (target) => link.dial({ host: "127.0.0.1", port: targets[target] ?? 0 }, { deadlineMs: 10_000 });
const traffic = new Traffic(open);
process.stdout.write("{}\n");
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await traffic.run(JSON.parse(line)))}\n`);
await cleanUp();
process.exit(0);
