import type { CauseId } from "../../../shared/words.ts";
import type { Lab, SettingsChange } from "../lab.ts";
import { until } from "../processes.ts";
import type { RemoteHost } from "../remote-host.ts";
import type { Stack } from "../stack.ts";
import type { Orders } from "../stand-in/orders.ts";

type Step = (stack: Stack, host: RemoteHost) => Promise<void>;

/** How one who comes later looks: with these settings, words and environment. */
export interface Asking {
  readonly settings?: SettingsChange;
  readonly env?: Readonly<Record<string, string>>;
  /** Further words of `gatelight doctor`. */
  readonly words?: readonly string[];
}

/** One failure as the lab produces it. */
export interface Fault {
  readonly id: string;
  readonly cause: CauseId;
  readonly inject: Step;
  readonly heal: Step;
  /**
   * `running`: noticed by one who has been watching. `fresh`: the container is started anew by us, or only those who come later can see it.
   * `refused`: nothing is done to a server that others use; whoever comes gets no further than its door.
   */
  readonly seen: "running" | "fresh" | "refused";
  readonly asking?: (lab: Pick<Lab, "folder" | "host" | "vncPassword">) => Asking;
  /** Brought about first, while all is to be green still. */
  readonly prepare?: Step;
  /** What it rightly turns into after a while, as when a silent line is given up and cannot be opened anew. */
  readonly becomes?: CauseId;
  /** What is rightly said before its own evidence is there. */
  readonly first?: readonly CauseId[];
  /** The restarts it brings are remembered for a quarter of an hour: the whole stays `degraded` though all can be used again. */
  readonly echoes?: boolean;
  /** A light must leave `up` within this time, ms, where that is not five seconds. */
  readonly noticedMs?: number;
  /** How long its evidence takes, ms, where that is more than a minute. */
  readonly namedMs?: number;
  /** Nobody reaches the server meanwhile. */
  readonly wholeServer?: boolean;
  /** The container must have run for so long before, ms: younger ones are given time by the diagnosis. */
  readonly ageMs?: number;
}

export const nothing: Step = async () => undefined;
let drops = 0;
/** Orders that meet the clients: their connections are cut, so that they come again. */
export const cutting = (orders: Orders): Orders => ({ ...orders, drop: ++drops });
export const restart: Step = async (stack, host) => void (await host.docker(["restart", "-t", "1", stack.gateway]));

/** The gateway's process is told while it runs. */
export const told = (id: string, cause: CauseId, orders: Orders, more: Partial<Fault> = {}): Fault => ({
  id,
  cause,
  seen: "running",
  inject: async (stack) => stack.order(cutting(orders)),
  heal: async (stack) => stack.order(cutting({})),
  ...more,
});

/** The gateway starts that way. */
export const started = (id: string, cause: CauseId, orders: Orders, more: Partial<Fault> = {}): Fault => ({
  id,
  cause,
  seen: "fresh",
  inject: async (stack, host) => {
    stack.order(orders);
    await restart(stack, host);
  },
  heal: async (stack, host) => {
    stack.order({});
    await restart(stack, host);
  },
  ...more,
});

/** It starts with a mark that run.sh looks at. */
export const marked = (id: string, cause: CauseId, mark: string, orders: Orders = {}): Fault => ({
  id,
  cause,
  seen: "fresh",
  inject: async (stack, host) => {
    stack.mark(mark, "");
    stack.order(orders);
    await restart(stack, host);
  },
  heal: async (stack, host) => {
    stack.mark(mark, null);
    stack.order({});
    await restart(stack, host);
  },
});

/** A container that ended comes up again, and again after every end. */
export const comeBack: Step = async (stack, host) => {
  stack.mark("exit", null);
  stack.order({});
  await host.docker(["update", "--restart=always", stack.gateway]);
  await host.docker(["start", stack.gateway]);
};

/** The log since `begun` holds this text. */
export const says = (stack: Stack, host: RemoteHost, begun: string, text: string) =>
  until(
    async () => (await host.docker(["logs", "--since", begun, stack.gateway])).stdout.includes(text),
    60_000,
    () => `${stack.gateway} says “${text}”`,
  );
