import { createInterface } from "node:readline";
import { z } from "zod";
import { createSshLink } from "../../../electron/core/host-link/ssh/ssh-link.ts";
import { screenStage } from "../../support/screen-stage.ts";

/**
 * Gatelight's part of the way to a screen as a process of its own, as it is for a person, so that its processor time can be told from the
 * bench's. Takes one line of JSON, prints the page's address, and ends with its standard input.
 */
const input = z.object({
  sshd: z.object({ port: z.number(), user: z.string(), identityFile: z.string(), knownHostsFile: z.string() }),
  folder: z.string(),
  staticDir: z.string(),
  vncPort: z.number(),
});

const lines = createInterface({ input: process.stdin });
const [line] = await new Promise<string[]>((resolve) => lines.once("line", (text) => resolve([text])));
const { sshd, folder, staticDir, vncPort } = input.parse(JSON.parse(line ?? ""));
const link = createSshLink({
  server: "home",
  reach: {
    kind: "ssh",
    host: "127.0.0.1",
    port: sshd.port,
    user: sshd.user,
    identityFiles: [sshd.identityFile],
    knownHostsFile: sshd.knownHostsFile,
    useAgent: false,
    useSshConfig: false,
  },
  prompts: { ask: async () => ({ kind: "nobody" }) },
  secrets: { backend: { persistent: false, name: "memory", detail: "" }, get: async () => null, set: async () => {}, forget: async () => {} },
  dataDir: folder,
  wakes: null,
});
const up = new Promise<void>((resolve) => {
  link.onState((state) => {
    if (state.kind === "up") resolve();
  });
});
link.start();
await up;
const stage = await screenStage({ link, staticDir, ports: { paper: vncPort }, passwords: {} });
process.stdout.write(`${JSON.stringify({ url: stage.host.url })}\n`);
lines.once("close", () => {
  void stage
    .dispose()
    .then(() => link.dispose())
    .then(() => process.exit(0));
});
