import type { Stack } from "../stack.ts";
import { type Fault, restart, told } from "./fault.ts";
import { forgetApiSettings, saveApiSettings } from "./gateway-acts.ts";

/** What a gateway does with those who come to its API port: rows 30, 33 to 37, and bytes that are no API. */

/** Clients that come and give up while nobody accepts: what fills the queue. */
async function knock(stack: Stack, times: number): Promise<void> {
  const port = stack.apiPort;
  await stack.exec(["timeout", "8", "bash", "-c", `for i in $(seq ${times}); do (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null & done; wait`], true);
}

export const API_FAULTS: readonly Fault[] = [
  {
    id: "wedge",
    cause: "accept-queue-wedge",
    seen: "running",
    inject: async (stack) => {
      await stack.signalJava("STOP");
      await knock(stack, 56);
    },
    heal: (stack) => stack.signalJava("CONT"),
  },
  {
    id: "process-stopped",
    cause: "gateway-hung",
    // Until ps is asked (every half minute), a first client in the queue looks the same.
    becomes: "accept-queue-wedge",
    seen: "running",
    // A mute session is known only by its heartbeat: a light stays green for six seconds after the last answer.
    noticedMs: 7_000,
    inject: (stack) => stack.signalJava("STOP"),
    heal: (stack) => stack.signalJava("CONT"),
  },
  told("silent-api", "gateway-hung", { api: { reply: "silent" } }),
  told("accept-dialog", "accept-dialog", { acceptDialog: true }),
  told("client-id-taken", "client-id-in-use", { heldClientIds: Array.from({ length: 64 }, (_unused, at) => 901 + at) }),
  told("wrong-service", "wrong-service", { api: { reply: "wrong-protocol" } }),
  told("unknown-version", "unexplained", { api: { reply: "wrong-version" } }),
  told("wrong-mode", "mode-mismatch", { tradingMode: "live", accounts: ["U1234567"] }),
  {
    id: "read-only",
    cause: "read-only-api",
    seen: "fresh",
    inject: async (stack, host) => {
      await saveApiSettings(stack, { readOnly: true });
      await restart(stack, host);
    },
    heal: async (stack, host) => {
      await forgetApiSettings(stack);
      await restart(stack, host);
    },
  },
];
