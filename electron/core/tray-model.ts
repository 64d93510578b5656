import { maskAccounts } from "../../shared/account-numbers.ts";
import type { GatewaySnapshot, ServerSnapshot, Snapshot } from "../../shared/snapshot.ts";
import type { LightState, RepairId } from "../../shared/words.ts";

/** What a click in the tray's menu asks for. */
export type TrayAction =
  | { readonly do: "open"; readonly server: string | null; readonly gateway: string | null }
  | { readonly do: "screen"; readonly server: string; readonly gateway: string }
  | { readonly do: "repair"; readonly server: string; readonly gateway: string; readonly repair: RepairId }
  | { readonly do: "reconnect"; readonly server: string }
  | { readonly do: "copy-report" | "check-updates" | "quit" }
  | { readonly do: "mask-amounts" | "start-at-login" | "mute"; readonly on: boolean };

export type TrayItem =
  | { readonly kind: "separator" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly text: string; readonly action: TrayAction }
  | { readonly kind: "check"; readonly text: string; readonly checked: boolean; readonly action: TrayAction }
  | { readonly kind: "menu"; readonly text: string; readonly items: readonly TrayItem[] };

export interface TrayModel {
  readonly icon: LightState;
  readonly tooltip: string;
  readonly menu: readonly TrayItem[];
}

export interface TrayOptions {
  readonly startAtLogin: boolean;
  readonly mute: boolean;
  /** Whether this build can look for updates. */
  readonly updates: boolean;
}

/** One sign a state, the same as in the window: never by colour alone. */
export const SIGNS: Readonly<Record<LightState, string>> = { up: "●", connecting: "◐", degraded: "◆", down: "▲", off: "○", "needs-you": "✋", unknown: "?" };
export const STATE_WORDS: Readonly<Record<LightState, string>> = {
  up: "up",
  connecting: "connecting",
  degraded: "degraded",
  down: "down",
  off: "off",
  "needs-you": "needs you",
  unknown: "not known",
};

/** Repairs without a price to speak of. The others are a click further, in the window. */
const MILD: readonly RepairId[] = [
  "resubscribe",
  "change-client-id",
  "reconnect-data",
  "reconnect-account",
  "restart-relay",
  "restart-screen",
  "restart-mcp-workers",
  "restart-soft",
];
/** Windows cuts a tooltip at 127 characters. */
const TOOLTIP = 127;
const LINE = 90;

/** The tray as words and a picture. Pure; carries no amount and no account number. */
export function trayModel(snapshot: Snapshot, options: TrayOptions): TrayModel {
  const several = snapshot.servers.length > 1;
  const gateways = snapshot.servers.flatMap((server) => server.gateways.map((gateway) => ({ server, gateway, title: title(server, gateway, several) })));
  const servers = snapshot.servers.flatMap((server) => serverItems(server));
  const lines = gateways.flatMap(({ server, gateway, title: name }) => gatewayItems(server, gateway, name));
  const prompts = snapshot.prompts.map(
    (prompt): TrayItem => action(`${SIGNS["needs-you"]} ${prompt.title}`, { do: "open", server: prompt.server, gateway: prompt.gateway }),
  );
  const empty: TrayItem[] = snapshot.servers.length === 0 ? [{ kind: "text", text: "No server is set up yet" }] : [];
  return {
    icon: snapshot.servers.length === 0 && snapshot.prompts.length === 0 ? "off" : snapshot.light,
    tooltip: tooltip(snapshot, gateways),
    menu: [
      ...prompts,
      ...empty,
      ...lines,
      ...servers,
      { kind: "separator" },
      action("Open Gatelight", { do: "open", server: null, gateway: null }),
      action("Copy problem report", { do: "copy-report" }),
      { kind: "separator" },
      { kind: "check", text: "Mask amounts", checked: snapshot.privacy.maskAmounts, action: { do: "mask-amounts", on: !snapshot.privacy.maskAmounts } },
      { kind: "check", text: "Mute notifications", checked: options.mute, action: { do: "mute", on: !options.mute } },
      { kind: "check", text: "Start at login", checked: options.startAtLogin, action: { do: "start-at-login", on: !options.startAtLogin } },
      ...(options.updates ? [action("Check for updates", { do: "check-updates" })] : []),
      { kind: "separator" },
      action("Quit Gatelight", { do: "quit" }),
    ],
  };
}

const action = (text: string, what: TrayAction): TrayItem => ({ kind: "action", text: shorten(text, LINE), action: what });

function title(server: ServerSnapshot, gateway: GatewaySnapshot, several: boolean): string {
  return several ? `${gateway.name} on ${server.name}` : gateway.name;
}

/** Only where the link itself is at fault: the gateways then say little. */
function serverItems(server: ServerSnapshot): TrayItem[] {
  if (server.link.state === "up" || server.link.state === "off") return [];
  return [
    { kind: "text", text: shorten(`${SIGNS[server.link.state]} ${server.name}: ${server.link.word}`, LINE) },
    action(`Reconnect to ${server.name} now`, { do: "reconnect", server: server.id }),
  ];
}

function gatewayItems(server: ServerSnapshot, gateway: GatewaySnapshot, name: string): TrayItem[] {
  const ref = { server: server.id, gateway: gateway.id };
  const repairing = gateway.run?.outcome === "running" ? `${gateway.run.title} …` : null;
  const why = repairing ?? gateway.excused?.reason ?? gateway.cause?.title ?? null;
  const line = `${SIGNS[gateway.light]} ${name}: ${STATE_WORDS[gateway.light]}${why === null ? "" : `, ${clean(why)}`}`;
  const mild = repairing === null ? gateway.repairs.filter((repair) => repair.refused === null && MILD.includes(repair.id)) : [];
  return [
    action(line, { do: "open", ...ref }),
    {
      kind: "menu",
      text: shorten(`${name} …`, LINE),
      items: [
        action("API settings", { do: "screen", ...ref }),
        action("Diagnosis", { do: "open", ...ref }),
        ...(mild.length === 0 ? [] : [{ kind: "separator" } as const]),
        ...mild.map((repair) => {
          const seconds = repair.price.downtimeSeconds > 0 ? ` (about ${repair.price.downtimeSeconds} s)` : "";
          return action(`${repair.title}${seconds}`, { do: "repair", ...ref, repair: repair.id });
        }),
      ],
    },
  ];
}

function tooltip(snapshot: Snapshot, gateways: readonly { gateway: GatewaySnapshot; title: string }[]): string {
  const first = snapshot.prompts[0];
  if (first !== undefined) return shorten(`Gatelight: ${clean(first.title)}`, TOOLTIP);
  if (gateways.length === 0) return snapshot.servers.length === 0 ? "Gatelight: no server is set up yet" : `Gatelight: ${STATE_WORDS[snapshot.light]}`;
  const states = gateways.map(({ gateway, title: name }) => `${name} ${STATE_WORDS[gateway.light]}`).join(", ");
  const worst = gateways.find(({ gateway }) => gateway.light === snapshot.light && gateway.cause !== null);
  const why = worst?.gateway.cause == null ? "" : `: ${clean(worst.gateway.cause.title)}`;
  return shorten(`Gatelight: ${states}${why}`, TOOLTIP);
}

const clean = (text: string) => maskAccounts(text).replace(/\s+/g, " ").trim();

/** Cut at a character, not inside one. */
function shorten(text: string, most: number): string {
  const characters = [...clean(text)];
  return characters.length <= most ? characters.join("") : `${characters.slice(0, most - 1).join("")}…`;
}
