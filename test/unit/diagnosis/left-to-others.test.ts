import { expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import { apiIdle, change, container, evidence, linkFailed, login, MIN, mcp, NOW, screen } from "./evidence-builder.ts";

const refused = screen({ kind: "refused", detail: "refused" });
const ended = (exitCode: number, oomKilled = false) =>
  container((now) => ({ status: "exited", pid: null, exitCode, oomKilled, finishedAt: now - MIN, restartPolicy: "always" }));
const log = login((now) => ({ phase: "ended", phaseAt: now - MIN, exit: { code: 143, at: now - MIN, willRestart: false } }));
const look = (...changes: Parameters<typeof change>) => diagnose(evidence(NOW, change(...changes)), NOW);

it.each([0, 130, 137, 143])("a gateway that was stopped while its account is left to TWS (exit code %i) is off, and no fault", (code) => {
  const seen = look(apiIdle("released"), ended(code), log, refused);
  expect(seen).toMatchObject({ light: "off", cause: null, others: [], sentence: "Paper is not watched: its API session is released." });
  for (const name of ["container", "login", "relay", "socket", "api", "broker", "account", "screen"] as const)
    expect(seen.lights[name].state, name).toBe("off");
});

it("so it is while it is being stopped", () => {
  expect(look(apiIdle("released"), log, refused)).toMatchObject({ light: "off", cause: null });
});

it("what ended otherwise, or while the account is ours, is a fault all the same", () => {
  expect(look(apiIdle("released"), ended(1), refused).cause?.id).toBe("container-exited");
  expect(look(apiIdle("released"), ended(137, true), refused).cause?.id).toBe("container-exited");
  expect(look(apiIdle("not-running"), ended(143), refused).cause?.id).toBe("container-exited");
});

it("a server that is out of reach is named", () => {
  expect(look(apiIdle("released"), ended(143), refused, linkFailed("unreachable", "tcp")).cause?.id).toBe("server-unreachable");
});

it("an MCP server without its gateway is no news", () => {
  expect(look(apiIdle("released"), ended(143), refused, mcp({ health: null, gatewayStatus: null })).light).toBe("off");
});
