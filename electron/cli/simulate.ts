import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listScenarios } from "../simulator/list-scenarios.ts";
import { startSimulator } from "../simulator/simulator.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

export async function simulate(wanted: Arguments, terminal: Terminal): Promise<number> {
  if (!listScenarios().some((scenario) => scenario.id === wanted.scenario))
    throw new UsageError(`There is no scenario "${wanted.scenario}"; "gatelight scenarios" lists them.`);
  const dir = mkdtempSync(join(tmpdir(), "gatelight-sim-"));
  try {
    const simulator = await startSimulator({ dir, scenario: wanted.scenario, port: wanted.port });
    try {
      const { ssh, settings } = simulator;
      if (wanted.json) terminal.out(JSON.stringify({ ssh, scenario: wanted.scenario, settings, vncPassword: simulator.vncPassword }));
      else {
        terminal.out(`Simulated home server: ssh -p ${ssh.port} -i ${ssh.identityFile} ${ssh.user}@${ssh.host}   host key ${ssh.hostKey}`);
        terminal.out(`Scenario: ${wanted.scenario}. Settings that reach it: gatelight simulate --json`);
      }
      await terminal.stopped;
      return 0;
    } finally {
      await simulator.dispose();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function scenarios(wanted: Arguments, terminal: Terminal): number {
  const list = listScenarios();
  if (wanted.json) terminal.out(JSON.stringify(list));
  else for (const { id, title, cause } of list) terminal.out(`${id.padEnd(26)} ${title}${cause === null ? "" : `  → ${cause}`}`);
  return 0;
}
