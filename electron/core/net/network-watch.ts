import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { BEAT, type Clock } from "../clock.ts";
import { WakeListeners, type WakeWatch } from "./wake-watch.ts";

type Interfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

/** Notices that this computer's addresses changed (another Wi-Fi, a cable, a VPN). Node has no event for it, so it looks again and again. */
export function watchNetwork(clock: Clock, interfaces: Interfaces = networkInterfaces): WakeWatch {
  const listeners = new WakeListeners(() => {
    let last = addresses(interfaces);
    let cancel = () => {};
    const look = () => {
      cancel = clock.after(BEAT.ms, look, BEAT.slackMs);
      const now = addresses(interfaces);
      if (now === last) return;
      last = now;
      listeners.tell("the network changed");
    };
    cancel = clock.after(BEAT.ms, look, BEAT.slackMs);
    return () => cancel();
  });
  return { onWake: (listener) => listeners.add(listener), dispose: () => listeners.clear() };
}

/**
 * Addresses by which something outside can be reached. Link-local IPv6 ones and Docker's own bridges come and go with containers and
 * say nothing about the way out.
 */
function addresses(interfaces: Interfaces): string {
  return Object.entries(interfaces())
    .filter(([name]) => !/^(veth|br-|docker|virbr|vnet)/.test(name))
    .flatMap(([name, list]) => (list ?? []).filter((info) => !info.internal && !info.address.startsWith("fe80:")).map((info) => `${name}=${info.address}`))
    .sort()
    .join(" ");
}
