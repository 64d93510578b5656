import type { ScreenModel } from "./screen-model.ts";
import { moveFocus, openSettings, readDraft, typeInto, type UiState } from "./ui-state.ts";

/** A click on a widget, by its id. */
export function actOn(id: string, state: UiState, gateway: ScreenModel) {
  const dialog = state.settings;
  const address = /^ip-(\d+)$/.exec(id)?.[1];
  if (dialog !== null && address !== undefined) dialog.selectedIp = Number(address);
  switch (id) {
    case "menu-configure":
      state.menu = state.menu === "configure" ? null : "configure";
      return;
    case "menu-help":
    case "menu-file":
    case "menu-close":
      state.menu = null;
      return;
    case "menu-settings":
      return openSettings(state, gateway.settings);
    case "accept-yes":
    case "accept-no":
      gateway.plan.acceptDialog = false;
      return gateway.api.answerDialog(id === "accept-yes");
    case "disclaimer":
      return gateway.acceptDisclaimer();
    case "approve":
      return gateway.approve();
    default:
      if (dialog !== null) inSettings(id, state, dialog, gateway);
  }
}

function inSettings(id: string, state: UiState, dialog: NonNullable<UiState["settings"]>, gateway: ScreenModel): void {
  switch (id) {
    case "page-api":
      dialog.page = "api";
      return;
    case "page-precautions":
      dialog.page = "precautions";
      return;
    case "page-lock":
      dialog.page = "lock";
      return;
    case "page-display":
      dialog.page = "display";
      return;
    case "read-only":
      dialog.draft.readOnly = !dialog.draft.readOnly;
      return;
    case "localhost-only":
      dialog.draft.localhostOnly = !dialog.draft.localhostOnly;
      return;
    case "ip-create":
      if (dialog.newIp === null) dialog.newIp = "";
      else {
        if (dialog.newIp !== "") dialog.draft.trustedIps.push(dialog.newIp);
        dialog.newIp = null;
      }
      state.focus = dialog.newIp === null ? "ip-create" : "new-ip";
      return;
    case "ip-delete":
      dialog.draft.trustedIps.splice(dialog.selectedIp, 1);
      dialog.selectedIp = -1;
      return;
    case "apply":
    case "ok": {
      const next = readDraft(state);
      if (next === null) return;
      gateway.applySettings(next);
      if (id === "ok") state.settings = null;
      return;
    }
    case "cancel":
      state.settings = null;
  }
}

const TAB = 0xff09;
const SHIFT_TAB = 0xfe20;
const ENTER = [0xff0d, 0xff8d];
const ESCAPE = 0xff1b;
const SPACE = 0x20;

/** A key by its X keysym. */
export function pressKey(keysym: number, down: boolean, state: UiState, gateway: ScreenModel): void {
  if (!down) return;
  if (keysym === ESCAPE) {
    state.menu = null;
    state.settings = null;
    return;
  }
  if (keysym === TAB || keysym === SHIFT_TAB) {
    if (state.settings !== null) moveFocus(state, keysym === SHIFT_TAB);
    return;
  }
  if (ENTER.includes(keysym)) {
    const onButton = ["apply", "cancel", "ip-create", "ip-delete"].includes(state.focus ?? "");
    if (state.settings !== null) actOn(state.focus === "new-ip" ? "ip-create" : onButton ? (state.focus ?? "ok") : "ok", state, gateway);
    return;
  }
  if (keysym === SPACE && state.focus !== null && state.focus !== "port" && state.focus !== "new-ip") actOn(state.focus, state, gateway);
  else typeInto(state, keysym);
}
