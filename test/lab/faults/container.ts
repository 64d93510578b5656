import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CauseId } from "../../../shared/words.ts";
import { composeUp } from "../compose.ts";
import { run, until } from "../processes.ts";
import { comeBack, cutting, type Fault, restart, says, started } from "./fault.ts";

/** Docker and the container: rows 6 to 9. */

/** The container ends with this code and stays down. */
const exits = (id: string, cause: CauseId, code: number): Fault => ({
  id,
  cause,
  seen: "running",
  inject: async (stack, host) => {
    await host.docker(["update", "--restart=no", stack.gateway]);
    stack.mark("exit", String(code));
    await stack.signalJava("KILL");
  },
  heal: comeBack,
});

export const CONTAINER_FAULTS: readonly Fault[] = [
  { id: "dockerd-stopped", cause: "docker-down", seen: "running", inject: (_stack, host) => host.stopDocker(), heal: (_stack, host) => host.startDocker() },
  {
    id: "docker-forbidden",
    cause: "docker-permission",
    seen: "fresh",
    inject: async (_stack, host) => {
      const real = (await run(["sh", "-c", "command -v docker"])).stdout.trim();
      writeFileSync(join(host.folder, "bin", "docker"), `#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups ${real} "$@"\n`, { mode: 0o755 });
    },
    heal: async (_stack, host) => rmSync(join(host.folder, "bin", "docker"), { force: true }),
  },
  {
    id: "container-renamed",
    cause: "container-missing",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["rename", stack.gateway, `${stack.gateway}-old`])),
    heal: async (stack, host) => void (await host.docker(["rename", `${stack.gateway}-old`, stack.gateway])),
  },
  {
    id: "container-stopped",
    cause: "container-exited",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["stop", "-t", "2", stack.gateway])),
    heal: async (stack, host) => void (await host.docker(["start", stack.gateway])),
  },
  {
    id: "container-paused",
    cause: "container-exited",
    seen: "running",
    inject: async (stack, host) => {
      // A pause that meets a program on its way in is never undone: runc holds the program, and Docker 20.10 the container for it.
      await host.nobodyEnters();
      await host.docker(["pause", stack.gateway]);
    },
    heal: async (stack, host) => void (await host.docker(["unpause", stack.gateway])),
  },
  {
    id: "out-of-memory",
    cause: "container-exited",
    seen: "running",
    inject: async (stack, host) => {
      await host.docker(["update", "--restart=no", stack.gateway]);
      stack.order({ eat: true });
      await until(
        async () => !(await stack.state()).running,
        60_000,
        () => "the kernel ends the container",
      );
    },
    heal: comeBack,
  },
  {
    ...exits("exit-87", "container-exited", 87),
    seen: "fresh",
    inject: async (stack, host) => {
      await host.docker(["update", "--restart=no", stack.gateway]);
      stack.order({ login: "second-factor-pending", secondFactor: true });
      const begun = new Date().toISOString();
      await restart(stack, host);
      await says(stack, host, begun, "Second Factor Authentication initiated");
      stack.mark("exit", "87");
      await stack.signalJava("KILL");
    },
  },
  exits("exit-83", "container-exited", 83),
  started("crash-loop", "restart-loop", { login: "crash" }),
  {
    id: "mcp-heals",
    cause: "competing-healer",
    seen: "running",
    echoes: true,
    // Until the other healer has shown itself: an API that closes on everybody right after the log-in, and each of its restarts.
    // After the first of them, settings that were lost with it are one of the possible reasons.
    first: ["unexplained", "accept-dialog", "mcp-misleading", "container-exited", "booting", "settings-lost"],
    inject: async (stack) => {
      stack.orderMcp({ healing: true });
      stack.order(cutting({ api: { reply: "close-after-start" } }));
    },
    heal: async (stack, host) => {
      stack.orderMcp({});
      stack.order(cutting({}));
      // What it logged would be held against it for minutes.
      await host.docker(["rm", "-f", stack.mcp]);
      await composeUp(host, stack.project, stack.envFile);
    },
  },
];
