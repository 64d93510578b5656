import type { AnyAuthMethod, Prompt } from "ssh2";
import { KeyOffer, type KeysOnHand, type OfferedKey, type SignPorts } from "./key-offer.ts";
import type { SshHop } from "./ssh-hop.ts";

export interface KeyboardRequest {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
}

export interface AuthPorts extends Pick<SignPorts, "onLocked" | "onAgentBusy"> {
  /** Answers in the order of the prompts; `null`: the person does not answer. */
  readonly askKeyboard: (request: KeyboardRequest) => Promise<readonly string[] | null>;
  /** Nothing that is known is left, a password would be the next step. */
  readonly onPasswordNeeded: (rejected: boolean) => void;
  readonly onUnanswered: () => void;
}

const MAX_KEYBOARD_TRIES = 3;
const MAX_PROMPTS = 16;

/**
 * Decides the next step of logging in, as OpenSSH does: `none` to learn what the server accepts, keys, keyboard-interactive, password.
 * After a partial success it begins again with what the server then asks for, without the keys already used.
 */
export class AuthPlan {
  readonly #hop: SshHop;
  readonly #keys: KeysOnHand;
  readonly #ports: AuthPorts;
  readonly #passwords: string[];
  #keysLeft: readonly OfferedKey[];
  #stage: "first" | Set<string> = "first";
  /** A key was signed with, and yet the log-in goes on. */
  #signed = false;
  #relearn = false;
  #keyboardTries = 0;
  #keyboardPassword = true;
  #passwordRejected = false;
  /** What the server said it accepts, latest answer. */
  accepted: readonly string[] = [];

  constructor(hop: SshHop, keys: KeysOnHand, passwords: readonly string[], ports: AuthPorts) {
    this.#hop = hop;
    this.#keys = keys;
    this.#ports = ports;
    this.#passwords = [...passwords];
    this.#keysLeft = keys.offered;
  }

  /** Fits ssh2's `authHandler`; both arguments are null on the first call. @returns `false`: no way is left; `null`: the attempt ends here */
  next(accepted: readonly string[] | null, partial: boolean | null): AnyAuthMethod | false | null {
    const username = this.#hop.user;
    if (this.#stage === "first") {
      this.#stage = new Set();
      return { type: "none", username };
    }
    if (this.#signed) {
      // A partial success, most likely. ssh2 1.17 drops the server's answer to an agent's key (client.js, USERAUTH_FAILURE returns
      // before it keeps the list), so what is asked for next has to be learnt anew.
      this.#signed = false;
      this.#relearn = true;
      return { type: "none", username };
    }
    this.accepted = accepted ?? [];
    if (partial || this.#relearn) {
      this.#relearn = false;
      this.#stage = new Set();
      this.#keyboardTries = 0;
    }
    for (const method of this.#hop.methods) {
      if (!this.accepted.includes(method)) continue;
      if (method === "publickey") {
        // One at a time: after a partial success ssh2 would go on offering the rest.
        const [key, ...others] = this.#keysLeft;
        if (key !== undefined) {
          this.#keysLeft = others;
          return { type: "agent", username, agent: new KeyOffer([key], this.#signPorts()) };
        }
      }
      if (method === "publickey" && !this.#stage.has("blind")) {
        this.#stage.add("blind");
        const path = this.#keys.blind[0];
        if (path !== undefined) {
          this.#ports.onLocked(path);
          return null;
        }
      }
      if (method === "keyboard-interactive" && this.#keyboardTries < MAX_KEYBOARD_TRIES) {
        this.#keyboardTries += 1;
        return this.#keyboard(username);
      }
      if (method === "password") {
        const password = this.#passwords.shift();
        if (password !== undefined) {
          this.#passwordRejected = true;
          return { type: "password", username, password };
        }
        this.#ports.onPasswordNeeded(this.#passwordRejected);
        return null;
      }
    }
    return false;
  }

  #signPorts(): SignPorts {
    const { onLocked, onAgentBusy } = this.#ports;
    return {
      onLocked,
      onAgentBusy,
      onSigned: () => {
        this.#signed = true;
      },
    };
  }

  #keyboard(username: string): AnyAuthMethod {
    return {
      type: "keyboard-interactive",
      username,
      prompt: (name: string, instructions: string, _language: string, prompts: Prompt[], finish: (answers: string[]) => void) => {
        const asked = prompts.slice(0, MAX_PROMPTS).map((prompt) => ({ text: prompt.prompt, echo: prompt.echo === true }));
        const known = this.#passwordFor(asked);
        if (known !== null) {
          finish([known]);
          return;
        }
        void this.#ports.askKeyboard({ name, instructions, prompts: asked }).then((answers) => {
          if (answers === null) this.#ports.onUnanswered();
          else finish([...answers]);
        });
      },
    };
  }

  /** PAM asks for the plain password this way: one hidden prompt. Nothing that may be a one-time code is answered by itself. */
  #passwordFor(prompts: KeyboardRequest["prompts"]): string | null {
    const [only] = prompts;
    if (prompts.length !== 1 || only === undefined || only.echo || !this.#keyboardPassword) return null;
    if (!/password/i.test(only.text) || /one.?time|otp|verification|token|code|new password|retype/i.test(only.text)) return null;
    this.#keyboardPassword = false;
    return this.#passwords[0] ?? null;
  }
}
