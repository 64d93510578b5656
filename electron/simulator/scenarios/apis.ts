import { FARMS, farmNotice } from "../gateway/farms.ts";
import type { HomeGateway } from "../home.ts";
import { USUAL_AGE_MS } from "../home.ts";
import { begin, type Scenario } from "./scenario.ts";

/** From the relay to the account: what a gateway that is logged in can still do wrong. */

/** Takes up a changed plan; clients lose their connection and meet it anew. */
function turn(item: HomeGateway, options: { drop: boolean }): void {
  item.touched = true;
  item.gateway?.apply();
  if (options.drop) item.gateway?.api.dropAll();
}

export const APIS: readonly Scenario[] = [
  {
    id: "port-mismatch",
    title: "The gateway listens on another port than the relay dials",
    cause: "port-mismatch",
    play: ({ paper }) => {
      paper.plan.portOverride = 4000;
      begin(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "mode-mismatch",
    title: "The gateway called live holds a paper account",
    cause: "mode-mismatch",
    play: ({ live }) => {
      live.plan.accounts = ["DU1234567"];
      turn(live, { drop: true });
    },
  },
  {
    id: "localhost-only",
    title: "The gateway refuses connections that are not local",
    cause: "localhost-only",
    play: ({ paper }) => {
      paper.plan.relayTarget = paper.gateway?.container.namespace.address ?? null;
      begin(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "accept-dialog",
    title: "A dialog asks whether to accept the connection",
    cause: "accept-dialog",
    play: ({ paper }) => {
      paper.plan.acceptDialog = true;
      turn(paper, { drop: true });
    },
  },
  {
    id: "read-only-api",
    title: "The API is read-only",
    cause: "read-only-api",
    play: ({ paper }) => {
      paper.saved.readOnly = true;
      begin(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "gateway-hung",
    title: "The gateway hangs: out of memory",
    cause: "gateway-hung",
    play: ({ paper }) => {
      paper.plan.hung = "memory";
      paper.gateway?.print("java.lang.OutOfMemoryError: Java heap space");
      turn(paper, { drop: false });
    },
  },
  {
    id: "gateway-stopped",
    title: "The gateway's process was stopped",
    cause: "gateway-hung",
    play: ({ paper }) => {
      paper.plan.hung = "stopped";
      turn(paper, { drop: false });
    },
  },
  {
    id: "gateway-deaf",
    title: "The API session lives but answers nothing",
    cause: "gateway-hung",
    play: ({ paper }) => {
      paper.plan.api.reply = "start-unanswered";
      turn(paper, { drop: true });
    },
  },
  {
    id: "client-id-in-use",
    title: "Another program uses the client id",
    cause: "client-id-in-use",
    play: ({ paper }) => {
      for (let id = 901; id <= 905; id += 1) paper.plan.api.heldClientIds.add(id);
      turn(paper, { drop: true });
    },
  },
  {
    id: "relay-dead",
    title: "The relay (socat) is dead",
    cause: "relay-dead",
    play: ({ paper }) => {
      paper.plan.relay = "dead";
      turn(paper, { drop: false });
    },
  },
  {
    id: "relay-not-a-file",
    title: "The relay's script is a folder",
    cause: "relay-dead",
    play: ({ paper }) => {
      paper.plan.relay = "not-a-file";
      begin(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "broker-unreachable",
    title: "The gateway lost its line to IBKR",
    cause: "broker-unreachable",
    play: ({ paper }) => {
      paper.touched = true;
      paper.gateway?.setBrokerLine(false);
    },
  },
  {
    id: "kicked-out",
    title: "Another log-in took over the session",
    cause: "kicked-out",
    play: ({ paper }) => {
      paper.touched = true;
      paper.gateway?.say("detected dialog entitled: Re-login is required; event=Opened");
      paper.gateway?.setBrokerLine(false);
    },
  },
  {
    id: "farms-down",
    title: "Data farms are down",
    cause: "farms-down",
    play: ({ paper }) => {
      paper.touched = true;
      for (const farm of FARMS.filter((each) => ["usfarm.nj", "ushmds"].includes(each.name))) {
        paper.plan.broker.brokenFarms.add(farm.name);
        paper.gateway?.api.notice(...farmNotice(farm, false));
      }
    },
  },
  {
    id: "api-port-changed",
    title: "Somebody changed the API's port",
    cause: "api-port-changed",
    // Announced (1300) only to who is connected then.
    play: ({ paper, later }) =>
      later(8_000, () => {
        paper.touched = true;
        const { gateway } = paper;
        if (gateway !== null) gateway.applySettings({ ...gateway.settings, socketPort: 4010 });
      }),
  },
  {
    id: "account-data-silent",
    title: "Account data never comes",
    cause: "account-data-silent",
    play: ({ paper }) => {
      paper.plan.api.accountSilent = true;
      turn(paper, { drop: true });
    },
  },
  {
    id: "wrong-service",
    title: "Something else answers on the API's port",
    cause: "wrong-service",
    play: ({ paper }) => {
      paper.plan.api.reply = "wrong-protocol";
      turn(paper, { drop: true });
    },
  },
  {
    id: "unexplained",
    title: "The API answers with a version nobody asked for",
    cause: "unexplained",
    play: ({ paper }) => {
      paper.plan.api.reply = "wrong-version";
      turn(paper, { drop: true });
    },
  },
];
