import { posix, win32 } from "node:path";
import { AUTOSTART_FILES, autostartFolder, autostartText } from "./desktop-file.ts";
import { LAUNCH_AGENT, launchAgentText } from "./launch-agent.ts";
import { STARTUP_COMMAND, startupCommandText } from "./startup-command.ts";

export interface LoginFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The file by which the browser host starts at log-in, and what stands in it for an argument list; `null`: not known for this system. */
export function serveLoginFile({ platform, env, home }: LoginFacts): { readonly file: string; readonly text: (words: readonly string[]) => string } | null {
  switch (platform) {
    case "linux":
      return { file: posix.join(autostartFolder(env, home), AUTOSTART_FILES.browser), text: autostartText };
    case "darwin":
      return { file: posix.join(home, "Library", "LaunchAgents", `${LAUNCH_AGENT}.plist`), text: launchAgentText };
    case "win32": {
      const roaming = env.APPDATA !== undefined && win32.isAbsolute(env.APPDATA) ? env.APPDATA : win32.join(home, "AppData", "Roaming");
      return { file: win32.join(roaming, "Microsoft", "Windows", "Start Menu", "Programs", "Startup", STARTUP_COMMAND), text: startupCommandText };
    }
    default:
      return null;
  }
}
