import { cutting, type Fault, restart, started, told } from "./fault.ts";
import { relayFrom, saveApiSettings } from "./gateway-acts.ts";
import { recreate } from "./recreate.ts";

/** Relay and listener: rows 29, 31, 32, 35, 38, 45 and 48. */

export const RELAY_FAULTS: readonly Fault[] = [
  {
    id: "relay-gone",
    cause: "relay-dead",
    seen: "running",
    ageMs: 32_000,
    inject: async (stack) => {
      stack.mark("no-relay", "");
      await stack.exec(["pkill", "-x", "socat"], true);
    },
    heal: async (stack) => stack.mark("no-relay", null),
  },
  {
    ...told("port-moved", "api-port-changed", { portOverride: 4_000 }),
    inject: async (stack) => stack.order({ portOverride: 4_000 }),
    heal: async (stack) => stack.order({}),
  },
  started("other-port", "port-mismatch", { portOverride: 4_000 }),
  {
    id: "relay-bypassed",
    cause: "relay-bypassed",
    seen: "fresh",
    inject: (stack, host) => recreate(stack, host, { publish: `127.0.0.1:14002:${stack.apiPort}` }),
    heal: (stack, host) => recreate(stack, host, {}),
  },
  {
    id: "localhost-only",
    cause: "localhost-only",
    seen: "running",
    // The relay is started anew for it, which its own loop does after five seconds.
    first: ["relay-dead"],
    inject: async (stack) => {
      await relayFrom(stack, "own");
      stack.order(cutting({}));
    },
    heal: (stack) => relayFrom(stack, "localhost"),
  },
  {
    id: "settings-lost",
    cause: "settings-lost",
    seen: "running",
    // While the container is made anew that is what is seen; and the box is ticked again, whatever the reason.
    first: ["container-missing", "container-exited", "booting", "localhost-only"],
    // The relay comes from an address that the gateway takes for a stranger's; the box “localhost only” was unticked for it.
    prepare: async (stack, host) => {
      await saveApiSettings(stack, { localhostOnly: false });
      await relayFrom(stack, "own");
      await restart(stack, host);
    },
    inject: (stack, host) => recreate(stack, host, { freshSettings: true }),
    heal: (stack) => relayFrom(stack, "localhost"),
  },
];
