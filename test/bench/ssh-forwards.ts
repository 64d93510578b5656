import { createForward } from "../../electron/core/host-link/forward/create-forward.ts";
import { cleanUp, openLink, until } from "../integration/host-link/support.ts";

/**
 * Gatelight's link with forwards, in a process of its own as `ssh -L` is. Its argument is JSON: how the server is reached, and the ports to
 * lead to by name. Prints the local ports as one line of JSON; ends with its standard input.
 */
const { reach, targets }: { reach: Parameters<typeof openLink>[0]; targets: Record<string, number> } = JSON.parse(process.argv[2] ?? "{}");
const { link } = openLink(reach);
await until(link, "up");
const ports: Record<string, number | null> = {};
for (const [name, port] of Object.entries(targets)) {
  const forward = createForward({ link, address: () => ({ host: "127.0.0.1", port }), localPort: 0 });
  await forward.start();
  ports[name] = forward.report.localPort;
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.resume();
process.stdin.once("end", () => void cleanUp().then(() => process.exit(0)));
