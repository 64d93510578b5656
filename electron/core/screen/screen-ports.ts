import type { ScreenStep } from "../../../shared/snapshot.ts";
import type { Clock } from "../clock.ts";
import type { HostAddress, HostLink } from "../host-link/host-link.ts";
import type { PromptBroker } from "../prompts.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import type { RefusedPasswords } from "./refused-passwords.ts";
import type { ScreenError } from "./screen-error.ts";

/** What a person's screen session showed, for the evidence. */
export type ScreenReport =
  | { readonly kind: "login"; readonly version: string; readonly login: "not-tried" | "accepted" | "refused" | "too-many-attempts" }
  | { readonly kind: "picture"; readonly picture: "painted" | "black" }
  | { readonly kind: "failed"; readonly error: ScreenError };

export interface ScreenPorts {
  /** The server's link; `null`: there is no such server. */
  readonly link: (server: string) => HostLink | null;
  /** Where the screen answers, as the server sees it; `null`: not known. */
  readonly address: (server: string, gateway: string, signal: AbortSignal) => Promise<HostAddress | null>;
  readonly secrets: SecretStore;
  /** A password given by the environment for unattended use. */
  readonly givenPassword?: (server: string, gateway: string) => string | null;
  /** Shared with who else logs in; absent: its own. */
  readonly refused?: RefusedPasswords;
  readonly prompts: PromptBroker;
  /** The gateway's name for people. */
  readonly nameOf: (server: string, gateway: string) => string;
  /** Viewers at the screen's server, ours among them, as its sockets were last seen. */
  readonly clients?: (server: string, gateway: string) => number;
  readonly report: (server: string, gateway: string, report: ScreenReport) => void;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Buffer;
  readonly deadlines?: Partial<ScreenDeadlines>;
}

/** In ms. */
export interface ScreenDeadlines {
  /** Until the link is up; a prompt about the link extends it to `person`. */
  readonly server: number;
  readonly address: number;
  readonly dial: number;
  readonly login: number;
  readonly person: number;
  /** Until the viewer comes with its ticket. */
  readonly ticket: number;
}
export const SCREEN_DEADLINES: ScreenDeadlines = { server: 20_000, address: 8_000, dial: 8_000, login: 8_000, person: 180_000, ticket: 30_000 };

/** What a step needs of the opening it belongs to. */
export interface Opening {
  readonly server: string;
  readonly gateway: string;
  /** Aborted with a ScreenError when the person cancels or the window goes. */
  readonly signal: AbortSignal;
  readonly step: (name: ScreenStep, detail: string) => void;
}
