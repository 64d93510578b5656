import { wedge } from "../../../electron/simulator/scenarios/wedge.ts";
import type { Simulator } from "../../../electron/simulator/simulator.ts";

type Item = Simulator["stage"]["paper"];
export interface Trouble {
  readonly name: string;
  /** Begins it. @returns what ends it, where it does not end by itself */
  readonly begin: (simulator: Simulator, item: Item) => (() => void) | Promise<() => void>;
}

const nothing = () => undefined;
const gatewayOf = (item: Item) => {
  if (item.gateway === null) throw new Error(`${item.id} has no gateway`);
  return item.gateway;
};
/** The JVM is frozen, as by a signal. */
const freeze = (item: Item, hung: "stopped" | null) => {
  item.plan.hung = hung;
  gatewayOf(item).apply();
};

/** What happens to a gateway and to the way to it on the days of a year. */
export const TROUBLES: readonly Trouble[] = [
  {
    name: "nightly reset",
    begin: ({ stage }) => {
      for (const item of [stage.paper, stage.live]) gatewayOf(item).setBrokerLine(false);
      return () => {
        for (const item of [stage.paper, stage.live]) gatewayOf(item).setBrokerLine(true, item.id === "paper" ? 1101 : 1102);
      };
    },
  },
  {
    name: "token restart",
    begin: (_simulator, item) => {
      gatewayOf(item).softRestart();
      return nothing;
    },
  },
  {
    name: "clients dropped",
    begin: (_simulator, item) => {
      gatewayOf(item).api.dropAll();
      return nothing;
    },
  },
  {
    name: "relay killed",
    begin: (_simulator, item) => {
      gatewayOf(item).killProcess("socat", "KILL");
      return nothing;
    },
  },
  {
    name: "wedge",
    begin: async (_simulator, item) => {
      await wedge(item, 51);
      return () => gatewayOf(item).api.reopen();
    },
  },
  {
    name: "frozen link",
    begin: ({ stage }) => {
      stage.ssh.setFrozen(true);
      return () => stage.ssh.setFrozen(false);
    },
  },
  {
    name: "frozen JVM",
    begin: (_simulator, item) => {
      freeze(item, "stopped");
      return () => freeze(item, null);
    },
  },
  {
    name: "deaf API, then a token restart",
    begin: (_simulator, item) => {
      item.plan.api.deaf = true;
      return () => void gatewayOf(item).softRestart();
    },
  },
  {
    name: "container restarted",
    begin: (_simulator, item) => {
      const { container } = gatewayOf(item);
      container.stop(143);
      container.start();
      return nothing;
    },
  },
  {
    name: "container stopped",
    begin: (_simulator, item) => {
      const { container } = gatewayOf(item);
      container.stop(143);
      return () => container.start();
    },
  },
  {
    name: "SSH connections dropped",
    begin: ({ stage }) => {
      stage.ssh.dropAll();
      return nothing;
    },
  },
];

export function trouble(name: string): Trouble {
  const found = TROUBLES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no trouble ${name}`);
  return found;
}
