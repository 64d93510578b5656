import type { Snapshot } from "../../shared/snapshot.ts";
import type { LightName, LightState } from "../../shared/words.ts";
import { LIGHTS } from "../../shared/words.ts";
import { openAccess } from "./access.ts";
import type { Arguments } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

export interface Change {
  readonly at: string;
  readonly server: string;
  readonly gateway: string;
  /** A light of the chain, or `gateway` for the whole. */
  readonly light: LightName | "gateway";
  readonly from: LightState | null;
  readonly to: LightState;
  readonly cause: string | null;
}

/** What changed from one state to the next; without a state before, everything. */
export function changes(before: Snapshot | null, after: Snapshot, at: number): Change[] {
  return after.servers.flatMap((server) =>
    server.gateways.flatMap((gateway) => {
      const old = before?.servers.find((one) => one.id === server.id)?.gateways.find((one) => one.id === gateway.id);
      const line = (light: Change["light"], from: LightState | null, to: LightState): Change[] =>
        from === to ? [] : [{ at: new Date(at).toISOString(), server: server.id, gateway: gateway.id, light, from, to, cause: gateway.cause?.id ?? null }];
      const caused = old !== undefined && old.light === gateway.light && old.cause?.id !== gateway.cause?.id;
      return [
        ...LIGHTS.flatMap((name) => line(name, old?.lights[name].state ?? null, gateway.lights[name].state)),
        ...(caused
          ? [
              {
                at: new Date(at).toISOString(),
                server: server.id,
                gateway: gateway.id,
                light: "gateway" as const,
                from: old.light,
                to: gateway.light,
                cause: gateway.cause?.id ?? null,
              },
            ]
          : line("gateway", old?.light ?? null, gateway.light)),
      ];
    }),
  );
}

const readable = (change: Change): string =>
  `${change.at}  ${change.server}/${change.gateway}  ${change.light.padEnd(9)} ${change.from ?? "-"} → ${change.to}${change.cause === null ? "" : `  (${change.cause})`}`;

export async function watch(wanted: Arguments, terminal: Terminal): Promise<number> {
  const access = await openAccess(wanted.dataDir);
  try {
    if (access.snapshot().servers.length === 0) {
      terminal.error("No server is set up yet. Start Gatelight (gatelight serve) and add your home server.");
      return 2;
    }
    let before: Snapshot | null = null;
    const show = () => {
      const after = access.snapshot();
      for (const change of changes(before, after, Date.now())) terminal.out(wanted.json ? JSON.stringify(change) : readable(change));
      before = after;
    };
    const stop = access.subscribe(show);
    show();
    const lost = new Promise<"lost">((resolve) => access.onLost(() => resolve("lost")));
    const end = await Promise.race([terminal.stopped, lost]);
    stop();
    if (end === "lost") terminal.error("The Gatelight that was asked has quit.");
    return end === "lost" ? 1 : 0;
  } finally {
    await access.close();
  }
}
