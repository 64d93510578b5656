import type { SettingsInput } from "../../../shared/settings.ts";
import type { Scenario } from "./scenario.ts";

/** How the server is reached: name, network, SSH. Each can be taken back while everything runs, by playing "healthy". */

function withHost(settings: SettingsInput, host: string): SettingsInput {
  const servers = (settings.servers ?? []).map((server) => (server.reach.kind === "ssh" ? { ...server, reach: { ...server.reach, host } } : server));
  return { ...settings, servers };
}

export const REACH: readonly Scenario[] = [
  {
    id: "name-not-found",
    title: "The server's name is not known",
    cause: "name-not-found",
    // Nothing on the server changes: the settings name a host that cannot exist (RFC 6761).
    play: () => undefined,
    settings: (settings) => withHost(settings, "linuxserver.invalid"),
  },
  { id: "server-unreachable", title: "The server is switched off", cause: "server-unreachable", play: ({ ssh }) => ssh.unlisten() },
  {
    id: "ssh-auth-failed",
    title: "The server does not accept the key",
    cause: "ssh-auth-failed",
    play: ({ ssh }) => {
      ssh.policy.keyAuthorised = false;
      ssh.dropAll();
    },
  },
  { id: "host-key-unknown", title: "The server was never met before", cause: "host-key-unknown", knownHosts: "empty", play: ({ ssh }) => ssh.dropAll() },
  {
    id: "host-key-changed",
    title: "The server shows another host key than before",
    cause: "host-key-changed",
    knownHosts: "wrong",
    play: ({ ssh }) => ssh.dropAll(),
  },
  {
    id: "forwarding-forbidden",
    title: "The server forbids forwarding",
    cause: "forwarding-forbidden",
    play: ({ ssh }) => {
      ssh.setForwarding(false);
      ssh.dropAll();
    },
  },
  {
    id: "tunnel-half-open",
    title: "The line to the server went dead without a word",
    cause: "tunnel-half-open",
    play: ({ ssh, home, later }) => ssh.freezeInUse((run) => later(250 * home.clock.speed, run)),
  },
  {
    id: "clock-wrong",
    title: "The server's clock is 23 minutes ahead",
    cause: "clock-wrong",
    play: ({ home, ssh }) => {
      home.setClockSkew(23);
      ssh.dropAll();
    },
  },
];
