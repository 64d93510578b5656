import type { Algorithms } from "./algorithms.ts";

/** One server on the way, with everything that is needed to reach it. The last hop of a route is the home server itself. */
export interface SshHop {
  /** What the person calls it: the alias or name as given. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Under which name alone its key is looked up, whatever host and port are. */
  readonly hostKeyAlias: string | null;
  /** Absolute paths in the order to try. `explicit`: named in settings or ssh_config, so a bad one is worth telling. */
  readonly identityFiles: readonly { readonly path: string; readonly explicit: boolean }[];
  readonly identitiesOnly: boolean;
  /** Where the agent listens; `null`: no agent. */
  readonly agentSocket: string | null;
  /** Read in this order; Gatelight's own file is added by the link. */
  readonly knownHostsFiles: readonly string[];
  /** `publickey`, `keyboard-interactive`, `password`, in the order to try. */
  readonly methods: readonly string[];
  readonly algorithms: Algorithms;
  readonly connectTimeoutMs: number;
  readonly family: 0 | 4 | 6;
  readonly bindAddress: string | null;
  /** A peer that says nothing for so long (ms) is dead. */
  readonly silenceMs: number;
}

export interface SshRoute {
  /** In the order of connecting; at least one. */
  readonly hops: readonly SshHop[];
  /** What ssh_config asks for and Gatelight does not do. */
  readonly notes: readonly string[];
}

export const hopLabel = (hop: Pick<SshHop, "name" | "host" | "port">) => (hop.port === 22 ? hop.name : `${hop.name} (port ${hop.port})`);
