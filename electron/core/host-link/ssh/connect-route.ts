import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Clock } from "../../clock.ts";
import { DialError } from "../host-link.ts";
import type { KeyboardRequest } from "./auth-plan.ts";
import { connectHop, type HopConnection, type HopResult, type Need, type Wire } from "./hop-connection.ts";
import { describeHopError, type HopFailure } from "./hop-failure.ts";
import { gatherKeys } from "./key-offer.ts";
import type { KeyRing } from "./key-ring.ts";
import { KnownHostsError, readKnownHosts } from "./known-hosts-files.ts";
import { type Carrier, openDirectTcpip, openExec } from "./open-channel.ts";
import { ServerGreeting } from "./server-greeting.ts";
import { hopLabel, type SshHop, type SshRoute } from "./ssh-hop.ts";

export interface RouteOptions {
  readonly route: SshRoute;
  readonly clock: Clock;
  readonly ring: KeyRing;
  /** Gatelight's own known_hosts, read after the hop's. */
  readonly ownKnownHosts: string;
  readonly passwords: (hop: SshHop) => Promise<readonly string[]>;
  readonly askKeyboard: (hop: SshHop, request: KeyboardRequest, isLive: () => boolean) => Promise<readonly string[] | null>;
  readonly signal: AbortSignal;
}

/** A connection through all hops. Ending it ends every hop, the last first. */
export interface RouteConnection extends Carrier {
  readonly wire: Wire;
  onClose(listener: () => void): void;
  end(): void;
}

export type RouteResult =
  | { readonly kind: "up"; readonly connection: RouteConnection }
  | { readonly kind: "need"; readonly need: Need }
  | ({ readonly kind: "failed" } & HopFailure);

const WARM_UP_MS = 3_000;

/** One attempt over all hops of the way. Nothing of a failed attempt stays open. */
export async function connectRoute(options: RouteOptions): Promise<RouteResult> {
  const { clock, signal } = options;
  const hops: HopConnection[] = [];
  const endAll = () => {
    for (const hop of hops.splice(0).reverse()) hop.end();
  };
  for (const hop of options.route.hops) {
    const result = await connectNext(hop, hops.at(-1) ?? null, options);
    if (result.kind !== "up") {
      endAll();
      return result;
    }
    hops.push(result.connection);
    await warmUp(result.connection.client, clock, signal);
  }
  const last = hops.at(-1);
  const first = hops[0];
  if (last === undefined || first === undefined || signal.aborted) {
    endAll();
    return { kind: "failed", failure: { reason: "lost", stage: "auth", message: "Connecting was given up." }, final: false };
  }
  return {
    kind: "up",
    connection: {
      client: last.client,
      below: last.below,
      wire: { received: last.wire.received, drained: first.wire.drained },
      onClose: (listener) => last.onClose(listener),
      end: endAll,
    },
  };
}

async function connectNext(hop: SshHop, before: HopConnection | null, options: RouteOptions): Promise<HopResult> {
  const { clock, signal } = options;
  try {
    const [knownHosts, keys, passwords] = await Promise.all([
      readKnownHosts([...hop.knownHostsFiles, options.ownKnownHosts]),
      gatherKeys(hop, options.ring, clock),
      options.passwords(hop),
    ]);
    const through = before === null ? undefined : await openThrough(before, hop, options);
    return await connectHop({ hop, clock, knownHosts, keys, passwords, through, askKeyboard: options.askKeyboard, signal });
  } catch (error) {
    if (error instanceof KnownHostsError) {
      return { kind: "failed", failure: { reason: "config", stage: "host-key", message: `${hopLabel(hop)}: ${error.message}.` }, final: true };
    }
    if (error instanceof DialError) return { kind: "failed", ...describeHopError(hop, "tcp", error, new ServerGreeting()) };
    throw error;
  }
}

/** The loss of one hop ends all behind it at once. */
async function openThrough(before: HopConnection, hop: SshHop, { clock, signal }: RouteOptions): Promise<Duplex> {
  const duplex = await openDirectTcpip(before, clock, { host: hop.host, port: hop.port }, { deadlineMs: hop.connectTimeoutMs, signal, gathers: true });
  before.onClose(() => duplex.destroy());
  return duplex;
}

/**
 * sshd turns Nagle's algorithm off on its side only once a session was opened (packet.c, ssh_packet_set_interactive); without it every
 * small answer through a tunnel waits 40 ms. Accounts that may not run programs keep the delay.
 */
async function warmUp(client: Client, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    const { channel } = await openExec(client, clock, "true", "true", { deadlineMs: WARM_UP_MS, signal });
    channel.resume();
    channel.stderr.resume();
    channel.end();
  } catch {
    // Refused or late: the connection serves all the same.
  }
}
