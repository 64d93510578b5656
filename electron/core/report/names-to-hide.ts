import { userInfo } from "node:os";
import type { Settings } from "../../../shared/settings.ts";

/** User and host names that a report leaves out unless asked: this person's, and those of the settings. */
export function namesToHide(settings: Settings): { readonly users: readonly string[]; readonly hosts: readonly string[] } {
  const reaches = settings.servers.flatMap((server) => (server.reach.kind === "ssh" ? [server.reach] : []));
  const users = [userInfo().username, ...reaches.flatMap((reach) => (reach.user === undefined ? [] : [reach.user]))];
  return { users: [...new Set(users)], hosts: [...new Set(reaches.map((reach) => reach.host))] };
}
