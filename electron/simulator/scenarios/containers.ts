import { USUAL_AGE_MS } from "../home.ts";
import { begin, type Scenario } from "./scenario.ts";

/** Docker and the containers. */
export const CONTAINERS: readonly Scenario[] = [
  { id: "docker-down", title: "Docker does not run", cause: "docker-down", play: ({ home }) => home.engine.setFault("down") },
  { id: "docker-permission", title: "This user may not ask Docker", cause: "docker-permission", play: ({ home }) => home.engine.setFault("permission") },
  {
    id: "container-missing",
    title: "The gateway's container does not exist",
    cause: "container-missing",
    play: ({ home, paper }) => {
      paper.touched = true;
      const container = home.engine.containers.get(paper.container);
      if (container !== undefined) home.engine.remove(container);
    },
  },
  {
    id: "container-exited",
    title: "The gateway's container was stopped",
    cause: "container-exited",
    play: ({ home, paper }) => {
      paper.touched = true;
      home.engine.containers.get(paper.container)?.stop(143);
    },
  },
  {
    id: "container-exited-oom",
    title: "The gateway's container ran out of memory",
    cause: "container-exited",
    play: ({ home, paper }) => {
      paper.touched = true;
      const container = home.engine.containers.get(paper.container);
      container?.stop(137);
      if (container !== undefined) container.oomKilled = true;
    },
  },
  {
    id: "auto-logoff",
    title: "The gateway logged itself off for the night",
    cause: "auto-logoff",
    play: ({ home, paper }) => {
      paper.touched = true;
      paper.gateway?.print("IBC returned exit status 0", "Gateway finished");
      home.engine.containers.get(paper.container)?.stop(0);
    },
  },
  {
    id: "restart-loop",
    title: "The gateway's container starts and ends over and over",
    cause: "restart-loop",
    play: ({ paper }) => {
      paper.plan.login = "crash";
      begin(paper, 0);
      const container = paper.gateway?.container;
      if (container !== undefined) container.restartCount = 14;
    },
  },
  {
    id: "competing-healer",
    title: "The MCP server keeps restarting the gateway before it is ready",
    cause: "competing-healer",
    play: ({ live }) => {
      live.plan.login = "second-factor-pending";
      live.mcpPlan.healing = true;
      begin(live, 25_000);
      live.mcp?.sayHealed();
    },
  },
  {
    id: "relay-bypassed",
    title: "The raw API port is published instead of the relay's",
    cause: "relay-bypassed",
    play: ({ home, paper }) => {
      paper.plan.published = [5900, 4002];
      home.recreate(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "settings-lost",
    title: "The container was made anew and forgot its settings",
    cause: "settings-lost",
    // Only seen by whoever saw the gateway well before: play it while running.
    play: ({ home, paper, later }) =>
      later(15_000, () => {
        paper.saved.readOnly = true;
        paper.saved.socketPort = 4000;
        home.recreate(paper, 90_000);
      }),
  },
];
