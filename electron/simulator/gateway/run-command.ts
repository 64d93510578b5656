import type { Gateway } from "./gateway.ts";

export interface CommandReply {
  /** `null`: no answer ever comes. */
  readonly reply: string | null;
  readonly close: boolean;
}

/** From Ctrl-Alt-R to the line being back. */
const RECONNECT_MS = 3_000;

/** One command of IBC's command server, in capitals, with its real effect. Replies: CommandDispatcher of IBC 3.24. */
export function runCommand(command: string, gateway: Gateway): CommandReply {
  switch (command) {
    case "STOP":
      gateway.stopGracefully();
      return { reply: "OK Shutting down: STOP command", close: true };
    case "RESTART":
      if (!gateway.softRestart()) return { reply: "ERROR RESTART already in progress", close: true };
      return { reply: `OK RESTART in progress\r\nOK RESTART at ${new Date(gateway.clock.now() + 60_000).toISOString().slice(11, 16)} AM`, close: true };
    case "RECONNECTDATA":
      // IBC waits for a main window that is not there.
      if (gateway.mainSince === null) return { reply: null, close: false };
      for (const farm of gateway.plan.broker.brokenFarms) gateway.api.farmNotices(farm, true);
      gateway.plan.broker.brokenFarms.clear();
      gateway.screen.changed();
      return { reply: "OK ", close: false };
    case "RECONNECTACCOUNT":
      if (gateway.mainSince === null) return { reply: null, close: false };
      gateway.clock.after(RECONNECT_MS, () => gateway.setBrokerLine(true, 1101));
      return { reply: "OK ", close: false };
    case "ENABLEAPI":
      return { reply: "ERROR ENABLEAPI is not valid for the IB Gateway", close: false };
    case "EXIT":
      return { reply: "OK Goodbye", close: true };
    default:
      return { reply: "ERROR Command invalid", close: false };
  }
}
