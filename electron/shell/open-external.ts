import { shell } from "electron";
import type { Log } from "../core/report/log.ts";
import { externalAddress } from "./external-links.ts";

/** The one place that opens anything outside: https, and the hosts of the list. @returns whether it was opened */
export async function openExternal(url: string, log: Log): Promise<boolean> {
  const address = externalAddress(url);
  if (address === null) {
    log.warn("an address was not opened", { url: url.slice(0, 200) });
    return false;
  }
  await shell.openExternal(address);
  return true;
}
