import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AlreadyRunning, connectControl, serveControl } from "../core/control/control-socket.ts";
import { startWebHost, type WebHost } from "../web/web-host.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./arguments.ts";
import { type KeptPort, keptPort } from "./kept-port.ts";
import { openCore } from "./open-core.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the address in the person's browser. @returns whether there is a display to show it on */
function openBrowser(url: string): boolean {
  const { platform, env } = process;
  if (platform === "linux" && env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined) return false;
  const [program, args] =
    platform === "darwin" ? ["open", [url]] : platform === "win32" ? ["rundll32", ["url.dll,FileProtocolHandler", url]] : ["xdg-open", [url]];
  const child = spawn(program as string, args as string[], { stdio: "ignore", detached: true });
  // No browser to be found: the address stands on standard output all the same.
  child.on("error", () => undefined);
  child.unref();
  return true;
}

/** A second start shows the first one's window: its address is known to nobody else. @returns whether it could */
async function showRunning(dataDir: string, terminal: Terminal): Promise<boolean> {
  const client = await connectControl(dataDir);
  try {
    await client?.call("app.show", null);
    return client !== null;
  } catch (error) {
    terminal.error(error instanceof Error ? error.message : String(error));
    return false;
  } finally {
    client?.close();
  }
}

/** On the wanted port, else on that of last time, else on any. */
async function startOn(wanted: number, kept: KeptPort, start: (port: number) => Promise<WebHost>): Promise<WebHost> {
  if (wanted !== 0) return start(wanted);
  const web = await start(kept.port).catch((error: unknown) => {
    if (kept.port === 0) throw error;
    return start(0);
  });
  kept.keep(web.port);
  return web;
}

/** The whole app in a browser, until stopped. */
export async function serve(wanted: Arguments, terminal: Terminal): Promise<number> {
  const staticDir = join(import.meta.dirname, "renderer");
  if (!existsSync(join(staticDir, "index.html"))) throw new UsageError(`The window's files are missing in ${staticDir}; build them with: npm run build`);
  let address: string | null = null;
  let quit: () => void = () => {};
  const quitted = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const show = () => {
    if (address === null || !openBrowser(address)) throw new Error("The running Gatelight has no display to open a browser on.");
  };
  const own = await openCore({ host: "browser", dataDir: wanted.dataDir, temporary: wanted.simulate !== null, app: { show, quit: () => quit() } });
  try {
    const control = await serveControl(own.dataDir, own.core);
    try {
      if (wanted.simulate !== null)
        await own.core.handlers["simulation.play"]({ scenario: wanted.simulate }, { signal: new AbortController().signal, link: "command-line" });
      const web = await startOn(wanted.port, keptPort(own.dataDir), (port) =>
        startWebHost({ handlers: own.core.handlers, store: own.core.store, screens: own.core.screens, staticDir, port }),
      );
      try {
        address = web.url;
        if (!wanted.quiet) terminal.out(wanted.json ? JSON.stringify({ url: web.url, token: web.token, pid: process.pid }) : web.url);
        if (wanted.open && !wanted.json) openBrowser(web.url);
        await Promise.race([terminal.stopped, quitted]);
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
      return wanted.open && !wanted.json && (await showRunning(own.dataDir, terminal)) ? 0 : 2;
    }
    throw error;
  } finally {
    await own.close();
  }
}
