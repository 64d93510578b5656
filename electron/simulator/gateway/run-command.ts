import type { Gateway } from "./gateway.ts";

export interface CommandReply {
  readonly reply: string;
  readonly close: boolean;
}

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
      for (const farm of gateway.plan.broker.brokenFarms) gateway.api.farmNotices(farm, true);
      gateway.plan.broker.brokenFarms.clear();
      gateway.screen.changed();
      return { reply: "OK ", close: false };
    case "RECONNECTACCOUNT":
      return { reply: "OK ", close: false };
    case "ENABLEAPI":
      return { reply: "ERROR ENABLEAPI is not valid for the IB Gateway", close: false };
    case "EXIT":
      return { reply: "OK Goodbye", close: true };
    default:
      return { reply: "ERROR Command invalid", close: false };
  }
}
