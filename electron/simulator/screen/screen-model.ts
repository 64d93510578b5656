import type { ScreenState } from "../gateway/login-script.ts";
import type { ApiSettings, GatewayPlan } from "../gateway/plan.ts";
import type { Canvas } from "./canvas.ts";
import { paintDialogs, paintLogin } from "./dialogs.ts";
import { paintDesktop, paintMain } from "./main-window.ts";
import { paintSettings } from "./settings-dialog.ts";
import type { UiState } from "./ui-state.ts";
import { type Hit, Painter } from "./widgets.ts";

/** What the gateway's windows show and what a person can do in them: all that the picture needs to know of a gateway. */
export interface ScreenModel {
  readonly plan: GatewayPlan;
  readonly settings: ApiSettings;
  readonly screenState: ScreenState;
  /** Since when the main window is there, ms since the epoch. */
  readonly mainSince: number | null;
  readonly brokerLine: boolean;
  readonly api: {
    readonly connections: Iterable<{ readonly ready: boolean; readonly clientId: number | null }>;
    readonly dialogWaiting: boolean;
    answerDialog(accept: boolean): void;
  };
  readonly container: { readonly log: { readonly entries: readonly { readonly at: number; readonly text: string }[] } };
  acceptDisclaimer(): void;
  approve(): void;
  applySettings(next: ApiSettings): void;
}

/** Paints the whole display. @returns what can be clicked */
export function paintScreen(canvas: Canvas, gateway: ScreenModel, state: UiState): readonly Hit[] {
  const painter = new Painter(canvas, state);
  const screen = gateway.screenState;
  if (gateway.plan.vnc === "black" || screen === "black") canvas.fill({ x: 0, y: 0, w: canvas.width, h: canvas.height }, 0);
  else {
    paintDesktop(painter);
    if (gateway.mainSince !== null || screen === "disclaimer") paintMain(painter, gateway, state);
    else paintLogin(painter, gateway, screen !== "login");
    paintSettings(painter, state);
    paintDialogs(painter, gateway);
  }
  return painter.hits;
}
