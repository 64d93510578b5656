import type { CauseId } from "../../../shared/words.ts";
import { kill } from "../processes.ts";
import type { RemoteHost } from "../remote-host.ts";
import type { Stack } from "../stack.ts";
import type { Fault } from "./fault.ts";

/** The MCP server: rows 50 to 52. */

const pidOf = async (stack: Stack, host: RemoteHost) => Number((await host.docker(["inspect", "--format", "{{.State.Pid}}", stack.mcp])).stdout.trim());
const ordered = (id: string, cause: CauseId, plan: Readonly<Record<string, unknown>>, more: Partial<Fault> = {}): Fault => ({
  id,
  cause,
  seen: "running",
  inject: async (stack) => stack.orderMcp(plan),
  heal: async (stack) => stack.orderMcp({}),
  ...more,
});

export const MCP_FAULTS: readonly Fault[] = [
  {
    id: "mcp-stopped",
    cause: "mcp-down",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["stop", "-t", "1", stack.mcp])),
    heal: async (stack, host) => void (await host.docker(["start", stack.mcp])),
  },
  {
    id: "mcp-frozen",
    cause: "mcp-down",
    seen: "running",
    inject: async (stack, host) => kill(await pidOf(stack, host), "SIGSTOP"),
    heal: async (stack, host) => kill(await pidOf(stack, host), "SIGCONT"),
  },
  ordered("mcp-workers-dead", "mcp-down", { mode: "down" }),
  ordered("mcp-misleading", "mcp-misleading", { mode: "misleading" }),
  // Only a call shows it, and a call is made only when a person asks.
  ordered("mcp-desync", "mcp-desync", { mode: "desync" }, { seen: "fresh", asking: () => ({ words: ["--mcp-tools"] }) }),
];
