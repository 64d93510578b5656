import type { GuideItem } from "../../../shared/snapshot.ts";
import type { GatewayEvidence } from "./evidence.ts";
import { takeLook } from "./look.ts";

type State = GuideItem["state"];

/** What should stand in Configure → Settings → API → Settings, beside the gateway's own dialog, and what the evidence says of it. */
export function guideItems(evidence: GatewayEvidence): GuideItem[] {
  // The newest fact's own time: the guide tells what was last seen and has no clock.
  const now = Math.max(0, ...[evidence.container, evidence.login, evidence.sockets, evidence.api, evidence.server.link].map((fact) => fact?.at ?? 0));
  const look = takeLook(evidence, now);
  const { ports, mode } = evidence.gateway;
  const listens = look.apiListeners.length > 0;
  const told = look.login?.apiPort ?? null;
  const portState: State =
    look.answering || listens
      ? "proven"
      : told !== null
        ? told === ports.api
          ? "proven"
          : "contradicted"
        : look.sockets !== null && look.loggedIn
          ? "contradicted"
          : "open";
  const refused = look.failure?.kind === "closed-at-once" && listens && !look.queueStuck;
  const notice = look.broker?.notices.some((each) => each.code === 321 && /read.?only/i.test(each.text)) ?? false;
  const readOnly = look.login?.readOnlyApi ?? (notice ? true : null);
  const asks = look.problem("accept-dialog-open") !== null || (look.login?.openDialogs.some((dialog) => /incoming connection/i.test(dialog.title)) ?? false);
  const through = look.route?.api?.through ?? "unknown";
  return [
    {
      id: "socket-port",
      title: `Socket port: ${ports.api}`,
      why: `The relay sends ${ports.relay} to ${ports.api} in ${mode} mode. Another number here leaves it talking to nobody.`,
      state: portState,
    },
    {
      id: "read-only",
      title: "Read-Only API: not ticked",
      why: "Ticked, programs may look but every order is refused. Gatelight itself never trades and works either way.",
      state: readOnly === null ? "open" : readOnly ? "contradicted" : "proven",
    },
    {
      id: "localhost-only",
      title: "Allow connections from localhost only: not ticked, if connections are refused",
      why: "Ticked, the gateway closes every connection that does not come from 127.0.0.1, without a word.",
      // Through the relay a connection comes from 127.0.0.1, so an answer proves nothing about this box.
      state: refused ? "contradicted" : look.answering && through === "direct" ? "proven" : "open",
    },
    {
      id: "trusted-ips",
      title: "Trusted IPs: 127.0.0.1",
      why: "From other addresses the gateway asks on its screen before it accepts. The relay comes from 127.0.0.1.",
      state: asks ? "contradicted" : look.answering ? "proven" : "open",
    },
  ];
}
