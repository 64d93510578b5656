import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AlreadyRunning, serveControl } from "../core/control/control-socket.ts";
import { startWebHost } from "../web/web-host.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./arguments.ts";
import { openCore } from "./open-core.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the address in the person's browser, where there is a display to show it on. */
function openBrowser(url: string): void {
  const { platform, env } = process;
  if (platform === "linux" && env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined) return;
  const [program, args] =
    platform === "darwin" ? ["open", [url]] : platform === "win32" ? ["rundll32", ["url.dll,FileProtocolHandler", url]] : ["xdg-open", [url]];
  const child = spawn(program as string, args as string[], { stdio: "ignore", detached: true });
  // No browser to be found: the address stands on standard output all the same.
  child.on("error", () => undefined);
  child.unref();
}

/** The whole app in a browser, until stopped. */
export async function serve(wanted: Arguments, terminal: Terminal): Promise<number> {
  const staticDir = join(import.meta.dirname, "renderer");
  if (!existsSync(join(staticDir, "index.html"))) throw new UsageError(`The window's files are missing in ${staticDir}; build them with: npm run build`);
  const own = await openCore({ host: "browser", dataDir: wanted.dataDir, temporary: wanted.simulate !== null });
  try {
    const control = await serveControl(own.dataDir, own.core);
    try {
      if (wanted.simulate !== null)
        await own.core.handlers["simulation.play"]({ scenario: wanted.simulate }, { signal: new AbortController().signal, link: "command-line" });
      const web = await startWebHost({ handlers: own.core.handlers, store: own.core.store, screens: own.core.screens, staticDir, port: wanted.port });
      try {
        terminal.out(wanted.json ? JSON.stringify({ url: web.url, token: web.token, pid: process.pid }) : web.url);
        if (wanted.open && !wanted.json) openBrowser(web.url);
        await terminal.stopped;
        return 0;
      } finally {
        await web.close();
      }
    } finally {
      await control.close();
    }
  } catch (error) {
    if (error instanceof AlreadyRunning) {
      terminal.error(error.message);
      return 2;
    }
    throw error;
  } finally {
    await own.close();
  }
}
