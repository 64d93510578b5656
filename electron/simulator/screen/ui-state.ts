import type { ApiSettings } from "../gateway/plan.ts";

/** What the person at the screen did so far. */
export interface UiState {
  menu: "configure" | "help" | null;
  settings: { draft: ApiSettings; port: string; page: SettingsPage; selectedIp: number; newIp: string | null; message: string | null } | null;
  focus: string | null;
  pressed: string | null;
}
export type SettingsPage = "api" | "precautions" | "lock" | "display";

export const IDLE: UiState = { menu: null, settings: null, focus: null, pressed: null };

/** Opens the dialog on what the gateway uses now. */
export function openSettings(state: UiState, settings: ApiSettings): void {
  state.menu = null;
  state.focus = "port";
  state.settings = {
    draft: { ...settings, trustedIps: [...settings.trustedIps] },
    port: String(settings.socketPort),
    page: "api",
    selectedIp: -1,
    newIp: null,
    message: null,
  };
}

/** What Apply would set; `null` with a message in the dialog when the port is none. */
export function readDraft(state: UiState): ApiSettings | null {
  const dialog = state.settings;
  if (dialog === null) return null;
  const port = Number(dialog.port);
  if (!/^\d{1,5}$/.test(dialog.port) || port < 1 || port > 65_535) {
    dialog.message = "Socket port must be between 1 and 65535";
    return null;
  }
  dialog.message = null;
  return { ...dialog.draft, socketPort: port };
}

/** Typing into the field that has the focus. @returns true when something changed */
export function typeInto(state: UiState, keysym: number): boolean {
  const dialog = state.settings;
  if (dialog === null) return false;
  const backspace = keysym === 0xff08;
  const char = keysym >= 0x20 && keysym < 0x7f ? String.fromCharCode(keysym) : keysym >= 0xffb0 && keysym <= 0xffb9 ? String(keysym - 0xffb0) : "";
  if (state.focus === "port" && (backspace || /\d/.test(char))) {
    dialog.port = backspace ? dialog.port.slice(0, -1) : (dialog.port + char).slice(0, 5);
    return true;
  }
  if (state.focus === "new-ip" && dialog.newIp !== null && (backspace || /[\d.:a-fA-F]/.test(char))) {
    dialog.newIp = backspace ? dialog.newIp.slice(0, -1) : (dialog.newIp + char).slice(0, 39);
    return true;
  }
  return false;
}

/** Order in which Tab goes through the settings dialog. */
export const TAB_ORDER = ["read-only", "port", "localhost-only", "ip-create", "ip-delete", "ok", "apply", "cancel"] as const;

export function moveFocus(state: UiState, backwards: boolean): void {
  const order: readonly (string | null)[] = TAB_ORDER;
  const at = order.indexOf(state.focus);
  const next = (at + (backwards ? -1 : 1) + TAB_ORDER.length) % TAB_ORDER.length;
  state.focus = TAB_ORDER[next] ?? null;
}
