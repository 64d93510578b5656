import { readdirSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { BaseAgent, ParsedKey } from "ssh2";
import type { Clock } from "../../clock.ts";
import { settle } from "../settle.ts";
import { keyType } from "./known-hosts.ts";
import { unusableType } from "./private-key.ts";
import { ssh2 } from "./ssh2.ts";

const LIST_DEADLINE_MS = 3_000;

export interface AgentKeys {
  readonly agent: BaseAgent<ParsedKey>;
  readonly keys: readonly ParsedKey[];
  /** Why others of its keys cannot be used, each reason once. */
  readonly unusable: readonly string[];
}

/** ssh2's reader passes over the keys it cannot use, certificates and security tokens, without a word; the agent's own answer names them. */
class OverheardAgent extends ssh2.OpenSSHAgent {
  readonly answer: Buffer[] = [];

  override getStream(done: (error?: Error | null, stream?: Duplex) => void): void {
    super.getStream((error, stream) => {
      stream?.on("data", (chunk: Buffer) => this.answer.push(chunk));
      done(error, stream);
    });
  }
}

/** SSH_AGENT_IDENTITIES_ANSWER (draft-miller-ssh-agent, 5.2). */
const IDENTITIES_ANSWER = 12;
const MAX_KEYS = 1_000;

/** Types of the keys in an agent's answer: length, 12, number of keys, then for each its public key and a comment. Cut short, those before the cut. */
export function identityTypes(answer: Buffer): string[] {
  const types: string[] = [];
  if (answer.length < 9 || answer[4] !== IDENTITIES_ANSWER) return types;
  const count = Math.min(answer.readUInt32BE(5), MAX_KEYS);
  let at = 9;
  const next = (): Buffer | null => {
    if (at + 4 > answer.length) return null;
    const from = at + 4;
    at = from + answer.readUInt32BE(at);
    return at > answer.length ? null : answer.subarray(from, at);
  };
  while (types.length < count) {
    const key = next();
    if (key === null || next() === null) break;
    types.push(keyType(key));
  }
  return types;
}

/**
 * Asks an agent for its keys.
 * @throws Error in plain words when it does not answer within 3 s
 */
export function listAgent(clock: Clock, socket: string): Promise<AgentKeys> {
  const agent = new OverheardAgent(socket);
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
        else {
          const why = identityTypes(Buffer.concat(agent.answer.splice(0))).map(unusableType);
          resolve({ agent, keys: (keys ?? []).filter(isParsedKey), unusable: [...new Set(why.filter((reason) => reason !== null))] });
        }
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
