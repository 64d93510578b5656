import { randomBytes } from "node:crypto";
import { type IpcMainEvent, ipcMain, MessageChannelMain, type WebContents } from "electron";
import { CLOSE, type LinkOptions, portPipe, type ServedLink, serveLink } from "../../shared/rpc.ts";
import type { Log } from "../core/report/log.ts";
import { PORT_MESSAGE, PORT_WANTED } from "./port-names.ts";
import { isOurs } from "./routes.ts";

export interface WindowLinks {
  /** From now on this window may ask for a port. */
  admit(contents: WebContents): void;
  readonly open: number;
  dispose(): void;
}

/** Gives each admitted window's page one port to Core; a page that loads anew gets a new one, and its old one ends. */
export function createWindowLinks(core: Omit<LinkOptions, "linkId">, log: Log): WindowLinks {
  const admitted = new Set<WebContents>();
  const links = new Map<WebContents, ServedLink>();
  const end = (contents: WebContents, reason: string) => {
    links.get(contents)?.close(CLOSE.away, reason);
    links.delete(contents);
  };
  const onWanted = (event: IpcMainEvent) => {
    const { sender, senderFrame } = event;
    // A frame inside the page, a page that went elsewhere, or a window that is not ours gets nothing.
    if (!admitted.has(sender) || senderFrame === null || senderFrame !== sender.mainFrame || !isOurs(senderFrame.url)) {
      log.warn("a port was asked for by a stranger", { url: senderFrame?.url.slice(0, 200) });
      return;
    }
    end(sender, "the page was loaded anew");
    const { port1, port2 } = new MessageChannelMain();
    const link = serveLink(portPipe(port1), { ...core, linkId: randomBytes(16).toString("hex") });
    links.set(sender, link);
    void link.closed.then(() => {
      if (links.get(sender) === link) links.delete(sender);
    });
    sender.postMessage(PORT_MESSAGE, null, [port2]);
  };
  ipcMain.on(PORT_WANTED, onWanted);
  return {
    admit(contents) {
      admitted.add(contents);
      contents.on("render-process-gone", () => end(contents, "the page's process ended"));
      contents.on("destroyed", () => {
        end(contents, "the window was closed");
        admitted.delete(contents);
      });
    },
    get open() {
      return links.size;
    },
    dispose() {
      ipcMain.off(PORT_WANTED, onWanted);
      for (const contents of [...links.keys()]) end(contents, "Gatelight was closed");
      admitted.clear();
    },
  };
}
