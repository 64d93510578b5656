import type { PromptBroker, PromptOutcome, PromptRequest } from "../../prompts.ts";
import type { SecretName, SecretStore } from "../../secrets/secret-store.ts";
import type { LinkFailure } from "../host-link.ts";
import type { KeyboardRequest } from "./auth-plan.ts";
import type { Need } from "./hop-connection.ts";
import type { KeyRing } from "./key-ring.ts";
import { fingerprint, keyType } from "./known-hosts.ts";
import { rememberHostKey } from "./known-hosts-files.ts";
import { hopLabel, type SshHop, type SshRoute } from "./ssh-hop.ts";

export interface QuestionPorts {
  readonly server: string;
  readonly prompts: PromptBroker;
  readonly secrets: SecretStore;
  readonly ring: KeyRing;
  readonly ownKnownHosts: string;
  /** For unattended use; tried before anyone is asked. */
  readonly credentials: { readonly password?: string; readonly passphrase?: string };
}

export type Answered = { readonly kind: "go-on" } | { readonly kind: "give-up"; readonly failure: LinkFailure };

const MAX_PASSPHRASE_TRIES = 5;

/** Every question to the person about reaching one server, and what was answered. Answers live in memory and, if wished, in the secret store. */
export class LinkQuestions {
  readonly #ports: QuestionPorts;
  /** Passwords the server refused, by account; never tried again. */
  readonly #refused = new Map<string, Set<string>>();
  readonly #given = new Map<string, { readonly password: string; remember: boolean }>();
  readonly #keyboardAnswers = new Map<string, readonly string[]>();
  /** Passwords handed to the attempt under way. */
  readonly #inUse = new Map<string, readonly string[]>();
  /** The account on the home server itself. */
  #home = "";

  constructor(ports: QuestionPorts) {
    this.#ports = ports;
  }

  begin(route: SshRoute): void {
    const last = route.hops.at(-1);
    this.#home = last === undefined ? "" : accountOf(last);
  }

  /** What a failure looks like while the person is asked, and when nobody answers. */
  failureFor(need: Need): LinkFailure {
    const label = hopLabel(need.hop);
    switch (need.kind) {
      case "host-key":
        return {
          reason: "host-key-unknown",
          stage: "host-key",
          message: `${label} is not known yet: its host key has to be confirmed.`,
          details: [
            `${keyType(need.key)} ${fingerprint(need.key)}`,
            ...need.others.map((other) => `A key of another type is known: ${other.type} ${fingerprint(other.key)} (${other.file}, line ${other.line})`),
          ],
        };
      case "passphrase":
        return { reason: "auth-failed", stage: "auth", message: `The key ${need.path} for ${label} is locked: its passphrase is needed.` };
      case "password":
        return {
          reason: "auth-failed",
          stage: "auth",
          message: need.rejected ? `${label} did not accept the password of ${need.hop.user}.` : `${label} asks for the password of ${need.hop.user}.`,
        };
    }
  }

  /** Tries what is known without asking. @returns whether the need is met */
  async meetQuietly(need: Need): Promise<boolean> {
    if (need.kind !== "passphrase") return false;
    const stored = await this.#stored(passphraseName(this.#ports.server, need.path));
    for (const passphrase of [this.#ports.credentials.passphrase, stored]) {
      if (passphrase && (await this.#ports.ring.unlock(need.path, passphrase)) === true) return true;
    }
    return false;
  }

  async ask(need: Need, signal: AbortSignal): Promise<Answered> {
    switch (need.kind) {
      case "host-key":
        return this.#askHostKey(need, signal);
      case "passphrase":
        return this.#askPassphrase(need, signal);
      case "password":
        return this.#askPassword(need, signal);
    }
  }

  /** Passwords to try at this attempt, none of them refused before. */
  async passwords(hop: SshHop): Promise<readonly string[]> {
    const account = accountOf(hop);
    const refused = this.#refused.get(account);
    const all = [this.#given.get(account)?.password, this.#ports.credentials.password, await this.#stored(this.#passwordName(hop))];
    const usable = [...new Set(all.filter((password) => typeof password === "string" && password !== "" && !refused?.has(password)))];
    const passwords = usable.filter((password) => password !== undefined && password !== null);
    this.#inUse.set(account, passwords);
    return passwords;
  }

  /** The connection is up: what was to be remembered is right and can be kept. */
  async accepted(hops: readonly SshHop[]): Promise<void> {
    this.#keyboardAnswers.clear();
    for (const hop of hops) {
      const given = this.#given.get(accountOf(hop));
      if (given?.remember) {
        given.remember = false;
        await this.#store(this.#passwordName(hop), given.password);
      }
    }
  }

  /** `null`: not answered. Answers outlive the connection: if it ended while the person typed, the next one gets them for the same questions. */
  async askKeyboard(hop: SshHop, request: KeyboardRequest, signal: AbortSignal): Promise<readonly string[] | null> {
    const key = `${accountOf(hop)} ${JSON.stringify(request.prompts)}`;
    const kept = this.#keyboardAnswers.get(key);
    if (kept !== undefined) {
      this.#keyboardAnswers.delete(key);
      return kept;
    }
    const fields = request.prompts.map((prompt, index) => ({ name: `answer${index}`, label: printable(prompt.text), secret: !prompt.echo }));
    const outcome = await this.#ask(
      {
        key: `keyboard:${this.#ports.server}:${key}`,
        kind: "keyboard-interactive",
        title: request.name.trim() === "" ? `${hopLabel(hop)} asks` : printable(request.name),
        detail: request.instructions.trim() === "" ? `Log-in of ${hop.user} on ${hopLabel(hop)}.` : printable(request.instructions),
        fields,
        canRemember: false,
        hostKey: null,
      },
      signal,
    );
    if (outcome.kind !== "answered") return null;
    const answers = fields.map((field) => outcome.answer.values[field.name] ?? "");
    this.#keyboardAnswers.set(key, answers);
    return answers;
  }

  /** The server took the answers (rightly or not): they are not given a second time. */
  usedKeyboard(hop: SshHop, request: KeyboardRequest): void {
    this.#keyboardAnswers.delete(`${accountOf(hop)} ${JSON.stringify(request.prompts)}`);
  }

  async #askHostKey(need: Extract<Need, { kind: "host-key" }>, signal: AbortSignal): Promise<Answered> {
    const failure = this.failureFor(need);
    const print = fingerprint(need.key);
    const outcome = await this.#ask(
      {
        key: `host-key:${need.listedAs}:${print}`,
        kind: "host-key",
        title: `Is this ${hopLabel(need.hop)}?`,
        detail: [
          "Compare it with what the server's administrator says (on the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub).",
          ...(failure.details ?? []).slice(1),
        ].join(" "),
        fields: [],
        canRemember: false,
        hostKey: { type: keyType(need.key), fingerprint: print },
      },
      signal,
    );
    if (outcome.kind !== "answered") return { kind: "give-up", failure };
    try {
      await rememberHostKey(this.#ports.ownKnownHosts, need.listedAs, need.key);
    } catch {
      return { kind: "give-up", failure: { ...failure, message: `The host key could not be written to ${this.#ports.ownKnownHosts}.` } };
    }
    return { kind: "go-on" };
  }

  async #askPassphrase(need: Extract<Need, { kind: "passphrase" }>, signal: AbortSignal): Promise<Answered> {
    const failure = this.failureFor(need);
    let hint = "";
    for (let attempt = 0; attempt < MAX_PASSPHRASE_TRIES; attempt++) {
      const outcome = await this.#ask(
        {
          key: `passphrase:${need.path}`,
          kind: "passphrase",
          title: `Passphrase of ${need.path}`,
          detail: `${hint}It opens the key for ${need.hop.user} on ${hopLabel(need.hop)}.`,
          fields: [{ name: "passphrase", label: "Passphrase", secret: true }],
          canRemember: true,
          hostKey: null,
        },
        signal,
      );
      if (outcome.kind !== "answered") return { kind: "give-up", failure };
      const passphrase = outcome.answer.values.passphrase ?? "";
      const opened = await this.#ports.ring
        .unlock(need.path, passphrase)
        .catch((error: unknown) => (error instanceof Error ? error.message : "unknown reason"));
      if (opened === true) {
        if (outcome.answer.remember) await this.#store(passphraseName(this.#ports.server, need.path), passphrase);
        return { kind: "go-on" };
      }
      if (typeof opened === "string") return { kind: "give-up", failure: { ...failure, message: `The key ${need.path} cannot be used: ${opened}.` } };
      hint = "That passphrase does not open it. ";
    }
    return { kind: "give-up", failure };
  }

  async #askPassword(need: Extract<Need, { kind: "password" }>, signal: AbortSignal): Promise<Answered> {
    const account = accountOf(need.hop);
    const failure = this.failureFor(need);
    if (need.rejected) {
      const refused = this.#refused.get(account) ?? new Set();
      for (const password of this.#inUse.get(account) ?? []) refused.add(password);
      this.#refused.set(account, refused);
    }
    const outcome = await this.#ask(
      {
        key: `ssh-password:${this.#ports.server}:${account}`,
        kind: "password",
        title: `Password of ${need.hop.user} on ${hopLabel(need.hop)}`,
        detail: need.rejected ? "The last one was not accepted." : "The server takes no key that is at hand.",
        fields: [{ name: "password", label: "Password", secret: true }],
        canRemember: true,
        hostKey: null,
      },
      signal,
    );
    if (outcome.kind !== "answered") return { kind: "give-up", failure };
    const password = outcome.answer.values.password ?? "";
    // The person typed it anew on purpose, even if it was refused before.
    this.#refused.get(account)?.delete(password);
    this.#given.set(account, { password, remember: outcome.answer.remember });
    return { kind: "go-on" };
  }

  /** Settles at once when the link ends, whatever the broker does. */
  #ask(request: Omit<PromptRequest, "server" | "gateway">, signal: AbortSignal): Promise<PromptOutcome> {
    return new Promise((resolve) => {
      const ended = () => resolve({ kind: "dismissed" });
      if (signal.aborted) return ended();
      signal.addEventListener("abort", ended, { once: true });
      this.#ports.prompts
        .ask({ ...request, server: this.#ports.server, gateway: null }, signal)
        .catch((): PromptOutcome => ({ kind: "nobody" }))
        .then((outcome) => {
          signal.removeEventListener("abort", ended);
          resolve(outcome);
        });
    });
  }

  /** The home server's own password under its id; that of a jump host beside it. */
  #passwordName(hop: SshHop): SecretName {
    const account = accountOf(hop);
    return { kind: "ssh-password", server: account === this.#home ? this.#ports.server : `${this.#ports.server}/${account}` };
  }

  async #stored(name: SecretName): Promise<string | null> {
    // A keychain that cannot be opened is as good as an empty one: the person is asked instead.
    return this.#ports.secrets.get(name).catch(() => null);
  }

  async #store(name: SecretName, value: string): Promise<void> {
    // Not being able to remember must not undo a log-in that worked; the person is asked again next time.
    await this.#ports.secrets.set(name, value).catch(() => {});
  }
}

const accountOf = (hop: SshHop) => `${hop.user}@${hop.hostKeyAlias ?? hop.host}:${hop.port}`;

const passphraseName = (server: string, file: string): SecretName => ({ kind: "ssh-passphrase", server, file });

/** A server's own text, without control characters that could dress it up as something else. */
const printable = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 500);
