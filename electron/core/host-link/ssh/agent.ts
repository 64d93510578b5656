import { readdirSync } from "node:fs";
import type { BaseAgent, ParsedKey } from "ssh2";
import type { Clock } from "../../clock.ts";
import { settle } from "../settle.ts";
import { ssh2 } from "./ssh2.ts";

const LIST_DEADLINE_MS = 3_000;

export interface AgentKeys {
  readonly agent: BaseAgent<ParsedKey>;
  readonly keys: readonly ParsedKey[];
}

/**
 * Asks an agent for its keys. Keys ssh2 cannot use (certificates, security tokens) are left out by ssh2's own reader.
 * @throws Error in plain words when it does not answer within 3 s
 */
export function listAgent(clock: Clock, socket: string): Promise<AgentKeys> {
  const agent = new ssh2.OpenSSHAgent(socket);
  return settle<AgentKeys>(
    {
      clock,
      deadlineMs: LIST_DEADLINE_MS,
      onTimeout: () => new Error(`the agent at ${socket} did not answer within 3 s`),
      onAbort: () => new Error("given up"),
    },
    (resolve, reject) =>
      agent.getIdentities((error, keys) => {
        if (error) reject(new Error(`the agent at ${socket} cannot be reached`));
        else resolve({ agent, keys: (keys ?? []).filter(isParsedKey) });
      }),
  );
}

/** Where an agent listens when nothing says so: on Windows OpenSSH's pipe, then Pageant's (0.77 and later). */
export function defaultAgentSocket(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  listPipes: () => string[] = () => readdirSync("\\\\.\\pipe\\"),
): string | null {
  if (env.SSH_AUTH_SOCK) return env.SSH_AUTH_SOCK;
  if (platform !== "win32") return null;
  try {
    const pipes = listPipes();
    const name = pipes.find((pipe) => pipe === "openssh-ssh-agent") ?? pipes.find((pipe) => pipe.startsWith("pageant."));
    return name === undefined ? null : `\\\\.\\pipe\\${name}`;
  } catch {
    return null;
  }
}

const isParsedKey = (key: unknown): key is ParsedKey => typeof key === "object" && key !== null && "getPublicSSH" in key;
