import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CauseId } from "../../../shared/words.ts";
import type { SettingsChange } from "../lab.ts";
import type { RemoteHost } from "../remote-host.ts";
import { type Fault, nothing } from "./fault.ts";

/** The way to the server: rows 1 to 5, and the clocks at its two ends. */

const refused = (id: string, cause: CauseId, settings: (host: RemoteHost) => SettingsChange): Fault => ({
  id,
  cause,
  seen: "refused",
  asking: ({ host }) => ({ settings: settings(host) }),
  inject: nothing,
  heal: nothing,
});

/** This machine's clock runs ahead: every time that Gatelight reads is so much later. */
const AHEAD_MS = 11 * 60_000;
const CLOCK_AHEAD = `const now = Date.now.bind(Date);
globalThis.Date = class extends Date {
  constructor(...words) {
    super(...(words.length === 0 ? [now() + ${AHEAD_MS}] : words));
  }
  static now() {
    return now() + ${AHEAD_MS};
  }
};
`;

export const WAY_FAULTS: readonly Fault[] = [
  refused("dns-name-missing", "name-not-found", () => ({ host: "no-such-host.invalid" })),
  refused("sshd-not-there", "server-unreachable", () => ({ port: 2_299 })),
  refused("key-refused", "ssh-auth-failed", (host) => ({ identityFile: host.strangerFile })),
  refused("host-key-unknown", "host-key-unknown", (host) => ({ knownHostsFile: `${host.knownHostsFile}.empty` })),
  refused("host-key-changed", "host-key-changed", (host) => ({ knownHostsFile: `${host.knownHostsFile}.other` })),
  { ...refused("forwarding-forbidden", "forwarding-forbidden", () => ({ port: 2_222 })), inject: (_stack, host) => host.startStrictSshd() },
  {
    id: "sshd-stopped",
    cause: "server-unreachable",
    seen: "running",
    wholeServer: true,
    inject: (_stack, host) => host.stopSshd(),
    heal: (_stack, host) => host.startSshd(),
  },
  {
    id: "line-dead",
    cause: "tunnel-half-open",
    becomes: "server-unreachable",
    seen: "running",
    wholeServer: true,
    inject: (_stack, host) => host.cutLine(true),
    heal: (_stack, host) => host.cutLine(false),
  },
  {
    id: "local-port-taken",
    cause: "local-port-taken",
    seen: "fresh",
    asking: ({ host }) => ({ settings: { forwards: [{ target: "api", localPort: host.takenPort, enabled: true }] } }),
    prepare: (_stack, host) => host.takeLocalPort(),
    inject: nothing,
    heal: (_stack, host) => host.freeLocalPort(),
  },
  {
    id: "clock-ahead",
    cause: "clock-wrong",
    seen: "fresh",
    asking: ({ folder }) => {
      const file = join(folder, "clock-ahead.mjs");
      writeFileSync(file, CLOCK_AHEAD);
      return { env: { NODE_OPTIONS: `--import=file://${file}` } };
    },
    inject: nothing,
    heal: nothing,
  },
];
