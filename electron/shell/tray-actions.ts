import { clipboard, dialog } from "electron";
import type { CallContext, CallName, CallParsed, CallResult } from "../../shared/contract.ts";
import type { RepairPlan } from "../../shared/snapshot.ts";
import type { Core } from "../core/core.ts";
import { priceText } from "../core/report/doctor-text.ts";
import type { Log } from "../core/report/log.ts";
import type { TrayAction } from "../core/tray-model.ts";
import { pageFor } from "./routes.ts";

export interface TrayActionPorts {
  readonly core: Pick<Core, "handlers" | "settings">;
  readonly log: Log;
  readonly show: (page: string) => void;
  readonly quit: () => void;
  readonly checkUpdates: () => void;
}

const CALL_MS = 30_000;

/** Does what the tray's menu asks for, by the same calls that the window uses. */
export function createTrayActions(ports: TrayActionPorts): (action: TrayAction) => void {
  const { core, log, show } = ports;
  const call = <N extends CallName>(name: N, input: CallParsed<N>): Promise<CallResult<N>> => {
    const context: CallContext = { signal: AbortSignal.timeout(CALL_MS), link: "tray" };
    const handler = core.handlers[name];
    return handler(input, context);
  };
  const repair = async (action: Extract<TrayAction, { do: "repair" }>) => {
    const ref = { server: action.server, gateway: action.gateway };
    const plan = await call("repair.plan", { ...ref, repair: action.repair });
    // What needs more than one yes is decided in the window, with everything in view.
    if (plan.refused !== null || plan.confirm !== 1) return show(pageFor("diagnosis", action.server, action.gateway));
    if (await confirmed(plan)) await call("repair.start", { planId: plan.planId, confirmations: 1, typedName: null });
  };
  const change = async (edit: Parameters<typeof merge>[1]) => {
    const { faults } = await core.settings.save(merge(core.settings.current, edit));
    if (faults.length > 0) throw new Error(faults.join("; "));
  };
  const run = async (action: TrayAction): Promise<void> => {
    switch (action.do) {
      case "open":
        return show(pageFor(action.gateway === null ? "overview" : "diagnosis", action.server, action.gateway));
      case "screen":
        return show(pageFor("screen", action.server, action.gateway));
      case "repair":
        return repair(action);
      case "reconnect":
        await call("link.reconnect", { server: action.server });
        return;
      case "copy-report":
        await clipboard.writeText((await call("report.create", { showNames: false })).text);
        return;
      case "mask-amounts":
        return change({ privacy: { maskAmounts: action.on } });
      case "mute":
        return change({ notify: { mute: action.on } });
      case "start-at-login":
        return change({ startAtLogin: action.on });
      case "check-updates":
        return ports.checkUpdates();
      case "quit":
        return ports.quit();
    }
  };
  return (action) => {
    run(action).catch((error: unknown) => {
      log.warn("the tray's wish could not be carried out", { wish: action.do, error });
      dialog.showErrorBox("Gatelight", error instanceof Error ? error.message : String(error));
    });
  };
}

function merge(
  current: Core["settings"]["current"],
  edit: { privacy?: { maskAmounts: boolean }; notify?: { mute: boolean }; startAtLogin?: boolean },
): Core["settings"]["current"] {
  return {
    ...current,
    privacy: { ...current.privacy, ...edit.privacy },
    notify: { ...current.notify, ...edit.notify },
    startAtLogin: edit.startAtLogin ?? current.startAtLogin,
  };
}

/** The commands and the price stand before the yes, as in the window. */
async function confirmed(plan: RepairPlan): Promise<boolean> {
  const clients = plan.clientsAffected === null || plan.clientsAffected === 0 ? "" : `\n${plan.clientsAffected} program(s) lose their connection.`;
  const { response } = await dialog.showMessageBox({
    type: "question",
    title: "Gatelight",
    message: `${plan.title}: ${plan.gateway}?`,
    detail: `${plan.cures}${priceText(plan.price)}${clients}\n\n${plan.commands.map((command) => `${command.where}: ${command.text}`).join("\n")}`,
    buttons: ["Do it", "Cancel"],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}
