import { USUAL_AGE_MS } from "../home.ts";
import { begin, type Scenario } from "./scenario.ts";

/** Beside the chain: the screen and the MCP server. */
export const SIDES: readonly Scenario[] = [
  {
    id: "vnc-off",
    title: "VNC is not set up",
    cause: "vnc-off",
    play: ({ paper }) => {
      paper.plan.vnc = "off";
      begin(paper, USUAL_AGE_MS);
    },
  },
  {
    id: "vnc-died",
    title: "The screen server has died",
    cause: "vnc-died",
    play: ({ paper }) => {
      paper.touched = true;
      paper.plan.vnc = "died";
      paper.gateway?.apply();
    },
  },
  {
    id: "vnc-password-wrong",
    title: "The VNC password was changed",
    cause: "vnc-password-wrong",
    play: ({ paper }) => {
      paper.touched = true;
      paper.plan.vncPasswordChanged = true;
      paper.gateway?.screen.closeClients();
    },
  },
  {
    id: "vnc-black",
    title: "The screen is black",
    cause: "vnc-black",
    play: ({ paper }) => {
      paper.touched = true;
      paper.plan.vnc = "black";
      paper.gateway?.apply();
    },
  },
  {
    id: "mcp-down",
    title: "The MCP server's workers are dead",
    cause: "mcp-down",
    play: ({ paper }) => {
      paper.touched = true;
      paper.mcpPlan.mode = "down";
      paper.mcp?.apply();
    },
  },
  {
    id: "mcp-stopped",
    title: "The MCP server's container was stopped",
    cause: "mcp-down",
    play: ({ home, paper }) => {
      paper.touched = true;
      home.engine.containers.get(paper.mcpContainer)?.stop(143);
    },
  },
  {
    id: "mcp-misleading",
    title: "The MCP server says ready and is not connected",
    cause: "mcp-misleading",
    play: ({ paper }) => {
      paper.touched = true;
      paper.mcpPlan.mode = "misleading";
    },
  },
  {
    id: "mcp-desync",
    title: "The MCP server answers with replies to other requests",
    cause: "mcp-desync",
    play: ({ paper }) => {
      paper.touched = true;
      paper.mcpPlan.mode = "desync";
    },
  },
];
