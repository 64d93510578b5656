import type { BaseAgent, ParsedKey } from "ssh2";
import type { Clock } from "../../clock.ts";
import { type AgentKeys, listAgent } from "./agent.ts";
import type { KeyRing } from "./key-ring.ts";
import type { SshHop } from "./ssh-hop.ts";
import { ssh2 } from "./ssh2.ts";

export interface OfferedKey {
  readonly key: ParsedKey;
  readonly origin: { readonly kind: "agent"; readonly agent: BaseAgent<ParsedKey> } | { readonly kind: "file"; readonly path: string; readonly open: boolean };
}
export interface KeysOnHand {
  readonly offered: readonly OfferedKey[];
  /** Encrypted files whose public half is not known: only their passphrase can tell whether the server wants them. */
  readonly blind: readonly string[];
  /** What could not be used and why, for a person. */
  readonly notes: readonly string[];
}

/**
 * The keys to offer, in OpenSSH's order (sshconnect2.c, pubkey_prepare): keys of the agent that an identity file names, the agent's other
 * keys unless IdentitiesOnly is set, then keys that only a file has. A server counts every offer against MaxAuthTries.
 */
export async function gatherKeys(hop: SshHop, ring: KeyRing, clock: Clock): Promise<KeysOnHand> {
  const notes: string[] = [];
  const files = await Promise.all(hop.identityFiles.map(async ({ path, explicit }) => ({ explicit, ...(await ring.read(path)) })));
  let agent: AgentKeys | null = null;
  if (hop.agentSocket !== null) {
    agent = await listAgent(clock, hop.agentSocket).catch((error: unknown) => {
      notes.push(error instanceof Error ? error.message : String(error));
      return null;
    });
  }
  for (const why of agent?.unusable ?? []) notes.push(`the agent has ${why}`);
  const inAgent: OfferedKey[] = [];
  const fromFiles: OfferedKey[] = [];
  const blind: string[] = [];
  const named = new Set<ParsedKey>();
  for (const file of files) {
    const { opened, path } = file;
    if (opened.kind === "absent") {
      if (file.explicit) notes.push(`key file ${path} does not exist`);
      continue;
    }
    if (opened.kind === "unusable") {
      notes.push(`key file ${path}: ${opened.why}`);
      continue;
    }
    const publicHalf = opened.kind === "locked" ? opened.public : opened.key;
    if (publicHalf === null) {
      blind.push(path);
      continue;
    }
    const twin = agent?.keys.find((key) => key.getPublicSSH().equals(publicHalf.getPublicSSH()));
    if (twin !== undefined && agent !== null) {
      if (!named.has(twin)) inAgent.push({ key: twin, origin: { kind: "agent", agent: agent.agent } });
      named.add(twin);
    } else if (opened.kind === "public") notes.push(`key file ${path} is a public key whose private half is in no agent`);
    else fromFiles.push({ key: opened.kind === "private" ? opened.key : publicHalf, origin: { kind: "file", path, open: opened.kind === "private" } });
  }
  const others: OfferedKey[] = [];
  for (const key of agent !== null && !hop.identitiesOnly ? agent.keys : []) {
    if (!named.has(key) && agent !== null) others.push({ key, origin: { kind: "agent", agent: agent.agent } });
  }
  return { offered: [...inAgent, ...others, ...fromFiles], blind, notes };
}

export interface SignPorts {
  /** The server wants the key of a locked file. */
  readonly onLocked: (path: string) => void;
  /** An agent may ask its owner (touch, biometrics): that time counts against no deadline. */
  readonly onAgentBusy: (busy: boolean) => void;
  readonly onSigned: () => void;
}

/**
 * All keys, of agents and of files, given to ssh2 as one agent: then each is first only named, and the private half, perhaps with a
 * passphrase, is needed for none but the one that the server accepts. ssh2's own `publickey` method needs it open in advance.
 */
export class KeyOffer extends ssh2.BaseAgent<ParsedKey> {
  readonly #keys: readonly OfferedKey[];
  readonly #ports: SignPorts;

  constructor(keys: readonly OfferedKey[], ports: SignPorts) {
    super();
    this.#keys = keys;
    this.#ports = ports;
  }

  getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(
      undefined,
      this.#keys.map((offered) => offered.key),
    );
  }

  sign(
    key: ParsedKey,
    data: Buffer,
    options: { hash?: "sha1" | "sha256" | "sha512" } | ((error?: Error, signature?: Buffer) => void),
    done?: (error?: Error, signature?: Buffer) => void,
  ): void {
    const finish = typeof options === "function" ? options : done;
    const hash = typeof options === "function" ? undefined : options.hash;
    if (finish === undefined) return;
    const offered = this.#keys.find((each) => each.key === key);
    if (offered === undefined) {
      finish(new Error("this key was not offered"));
      return;
    }
    if (offered.origin.kind === "agent") {
      this.#ports.onAgentBusy(true);
      offered.origin.agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
        this.#ports.onAgentBusy(false);
        if (error) return finish(new Error("the agent did not sign"));
        this.#ports.onSigned();
        finish(undefined, signature);
      });
      return;
    }
    // No answer: the attempt ends here, the person is asked, and the next attempt has the key open.
    if (!offered.origin.open) {
      this.#ports.onLocked(offered.origin.path);
      return;
    }
    const signature: Buffer | Error = key.sign(data, hash);
    if (signature instanceof Error) {
      finish(signature);
      return;
    }
    this.#ports.onSigned();
    finish(undefined, signature);
  }
}
