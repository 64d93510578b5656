import type { ControlSocket } from "./control/control-socket.ts";
import type { Home } from "./home.ts";
import type { HostDial } from "./host-dial.ts";
import type { HostShell } from "./shell/host-shell.ts";
import type { SshServer } from "./ssh/ssh-server.ts";

export interface GatewayTruth {
  /** A program could trade through the relay now. */
  readonly usable: boolean;
  /** API connections from outside the stack (the program under test). */
  readonly open: number;
  readonly maxOpen: number;
  readonly connects: number;
  /** Dials made while the accept queue held anyone. */
  readonly duringQueue: number;
  readonly connectTimes: readonly number[];
  /** Waiting for accept() now. */
  readonly queue: number;
  /** All clients of the JVM now, MCP workers included, with their ids. */
  readonly clientIds: readonly number[];
  /** Orders, cancels, changes asked for by anyone. */
  readonly writes: number;
  readonly malformed: number;
  /** Commands that IBC's command server got. */
  readonly ibcCommands: readonly string[];
  readonly settings: {
    readonly socketPort: number;
    readonly readOnly: boolean;
    readonly localhostOnly: boolean;
    readonly trustedIps: readonly string[];
  } | null;
}

export interface Truth {
  readonly gateways: Readonly<Record<string, GatewayTruth>>;
  readonly sshConnections: number;
  readonly sshLogins: number;
  /** Commands run over SSH, newest last. */
  readonly commands: readonly string[];
  /** Real processes started for them. */
  readonly processes: number;
  /** Calls of `docker` from a real shell. */
  readonly dockerCalls: number;
}

export function readTruth(parts: { home: Home; dial: HostDial; ssh: SshServer; shell: HostShell; control: ControlSocket }): Truth {
  const gateways: Record<string, GatewayTruth> = {};
  for (const item of parts.home.gateways) {
    const traffic = parts.dial.traffic.get(item.id);
    const { gateway } = item;
    gateways[item.id] = {
      usable: gateway?.usable ?? false,
      open: traffic?.open ?? 0,
      maxOpen: traffic?.maxOpen ?? 0,
      connects: traffic?.connects ?? 0,
      duringQueue: traffic?.duringQueue ?? 0,
      connectTimes: [...(traffic?.times ?? [])],
      queue: gateway?.api.listener?.queue.length ?? 0,
      clientIds: [...(gateway?.api.connections ?? [])].map((connection) => connection.clientId).filter((id) => id !== null),
      writes: gateway?.api.writes ?? 0,
      malformed: gateway?.api.malformed ?? 0,
      ibcCommands: [...(gateway?.commands ?? [])],
      settings: gateway === null ? null : { ...gateway.settings },
    };
  }
  return {
    gateways,
    sshConnections: parts.ssh.connections,
    sshLogins: parts.ssh.logins,
    commands: [...parts.ssh.commands],
    processes: parts.shell.spawned,
    dockerCalls: parts.control.calls,
  };
}
