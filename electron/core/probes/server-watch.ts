import type { Clock } from "../clock.ts";
import type { ContainerFact, GatewayEvidence, GatewayTarget, ServerEvidence } from "../diagnosis/evidence.ts";
import type { HostLink } from "../host-link/host-link.ts";
import { WatchSession } from "./watch-session.ts";
import { WatchedGateway } from "./watched-gateway.ts";

export type WatchedFacts = Partial<Pick<GatewayEvidence, "container" | "login" | "sockets" | "processes">>;
export type WatchedServer = Partial<Pick<ServerEvidence, "docker" | "clockSkewMs">>;

export interface LogViewLine {
  /** On our clock; `null` where the line bears no stamp. */
  readonly at: number | null;
  readonly text: string;
  readonly source: "stdout" | "stderr";
}

export interface ServerWatchPorts {
  readonly link: HostLink;
  readonly docker: string;
  readonly targets: readonly GatewayTarget[];
  readonly clock: Clock;
  readonly onFacts: (gatewayId: string, facts: WatchedFacts) => void;
  readonly onServer: (facts: WatchedServer) => void;
  /** The server has owed the answer to a look for longer than usual, and was asked for a sign of life meanwhile. */
  readonly onLate?: () => void;
  /** What inspect says of the gateway's MCP container. */
  readonly onMcpContainer?: (gatewayId: string, container: ContainerFact) => void;
  /** The region in jts.ini, read once a start of the container; not called where it cannot be read. */
  readonly onPeer?: (gatewayId: string, peer: string) => void;
  /** Every line of the gateway's log in order, for the log view. */
  readonly onLog?: (gatewayId: string, line: LogViewLine) => void;
}

export interface ServerWatch {
  start(): void;
  /** A fresh look at the sockets (of all gateways, or of one), within 5 s. Where it fails, `sockets` becomes `null`: not known. Never rejects. */
  lookNow(gatewayId?: string): Promise<void>;
  /**
   * `docker top`, at most every 30 s a gateway, sooner where what is known is from before `since` (ms since the epoch), when trouble began.
   * Never rejects.
   */
  lookProcesses(gatewayId: string, since?: number): Promise<void>;
  /** Inspects again now, e.g. after a repair. */
  inspectNow(): void;
  setTargets(targets: readonly GatewayTarget[]): void;
  /** `calm`: a look at the sockets every 2.5 s; `alert`: every second. */
  setPace(pace: "calm" | "alert"): void;
  /** Processes started on the server since the start, streams included. */
  readonly spawned: number;
  dispose(): void;
}

/**
 * Watches one server passively: containers, logs, sockets. Two long-lived streams (the look loop, docker's events) and one a container (its log)
 * do the work; besides them one `docker inspect` a minute. It never opens a port of the gateway. Begins again whenever the link comes up.
 */
export function createServerWatch(ports: ServerWatchPorts): ServerWatch {
  let targets = ports.targets;
  let pace: "calm" | "alert" = "calm";
  let session: WatchSession | null = null;
  let gateways = new Map<string, WatchedGateway>();
  let unsubscribe: (() => void) | null = null;
  let disposed = false;
  let spawned = 0;
  let skew: number | null = null;

  const shared = {
    ...ports,
    onSpawn: () => {
      spawned++;
    },
    skew: () => skew ?? 0,
    onServer: (facts: WatchedServer) => {
      if (facts.clockSkewMs) {
        const before = skew;
        skew = facts.clockSkewMs.value;
        if (before === null || Math.abs(before - skew) > 1000) for (const gateway of gateways.values()) gateway.publishLogin();
      }
      ports.onServer(facts);
    },
  };
  const adopt = () => {
    const next = new Map<string, WatchedGateway>();
    for (const target of targets) {
      const known = gateways.get(target.id);
      const same = known !== undefined && JSON.stringify(known.target) === JSON.stringify(target);
      next.set(target.id, same ? known : new WatchedGateway(target, shared));
      if (same) gateways.delete(target.id);
    }
    for (const gone of gateways.values()) gone.dispose();
    gateways = next;
  };
  const follow = () => {
    const up = ports.link.state.kind === "up";
    if (up && session === null && !disposed) {
      session = new WatchSession(shared, () => [...gateways.values()], pace);
      session.start();
    } else if (!up && session !== null) {
      session.dispose();
      session = null;
    }
  };

  adopt();
  return {
    start() {
      if (unsubscribe !== null || disposed) return;
      unsubscribe = ports.link.onState(follow);
      follow();
    },
    async lookNow(gatewayId) {
      const chosen = [...gateways.values()].filter((one) => gatewayId === undefined || one.target.id === gatewayId);
      if (session === null) for (const one of chosen) one.publish({ sockets: null });
      else await session.lookNow(chosen);
    },
    async lookProcesses(gatewayId, since) {
      const gateway = gateways.get(gatewayId);
      if (gateway !== undefined) await session?.lookProcesses(gateway, since ?? Number.NEGATIVE_INFINITY);
    },
    inspectNow() {
      session?.inspectSoon(0);
    },
    setTargets(next) {
      if (disposed) return;
      targets = next;
      adopt();
      session?.inspectSoon(0);
    },
    setPace(next) {
      pace = next;
      session?.setPace(next);
    },
    get spawned() {
      return spawned;
    },
    dispose() {
      disposed = true;
      unsubscribe?.();
      session?.dispose();
      session = null;
      for (const gateway of gateways.values()) gateway.dispose();
      gateways.clear();
    },
  };
}

export type WatchShared = Omit<ServerWatchPorts, "targets"> & {
  readonly onSpawn: () => void;
  /** The server's clock minus ours, ms. */
  readonly skew: () => number;
};
