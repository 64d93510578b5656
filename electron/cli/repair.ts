import type { RepairPlan, RepairRun, Snapshot } from "../../shared/snapshot.ts";
import { type Access, openAccess } from "./access.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { isDecided } from "./doctor.ts";
import type { Terminal } from "./terminal.ts";

const CALL_MS = 30_000;
const LOOK_MS = 200;

function find(snapshot: Snapshot, wanted: Arguments): { server: string; gateway: string } {
  const found = snapshot.servers
    .filter((server) => wanted.server === null || server.id === wanted.server)
    .flatMap((server) => server.gateways.filter((gateway) => gateway.id === wanted.gateway).map((gateway) => ({ server: server.id, gateway: gateway.id })));
  const [first, second] = found;
  if (first === undefined) throw new UsageError(`There is no gateway "${wanted.gateway}" in the settings.`);
  if (second !== undefined) throw new UsageError(`Two servers have a gateway "${wanted.gateway}"; name one with --server.`);
  return first;
}

function planText(plan: RepairPlan): string[] {
  const { price } = plan;
  return [
    `${plan.title}: ${plan.gateway}`,
    ...plan.commands.map((command) => `  on ${command.where}:  ${command.text}`),
    `  second factor: ${price.secondFactor ? "needed" : "not needed"}; unsaved settings: ${price.losesUiSettings ? "lost" : "kept"}; down for about ${price.downtimeSeconds} s`,
    `  programs that lose their connection: ${plan.clientsAffected ?? "not known"}`,
    `  cures: ${plan.cures}`,
    ...(plan.tryFirst.length > 0 ? [`  try first: ${plan.tryFirst.join(", ")}`] : []),
  ];
}

async function until<T>(look: () => T | null, deadlineMs: number): Promise<T | null> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = look();
    if (found !== null || Date.now() >= end) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const runOf = (access: Access, ref: { server: string; gateway: string }): RepairRun | null =>
  access
    .snapshot()
    .servers.find((server) => server.id === ref.server)
    ?.gateways.find((gateway) => gateway.id === ref.gateway)?.run ?? null;

/** Shows the plan; with `--yes` carries it out and follows it. @returns 0 cured or only shown, 1 not cured or refused, 2 usage, 3 a person is needed */
export async function repair(wanted: Arguments, terminal: Terminal): Promise<number> {
  if (wanted.repair === null) throw new UsageError("Which repair? Name its id.");
  const access = await openAccess(wanted.dataDir);
  try {
    const ref = find(access.snapshot(), wanted);
    await until(() => (isDecided(access.snapshot().servers.filter((server) => server.id === ref.server)) ? true : null), wanted.deadlineMs);
    const plan = await access.call("repair.plan", { ...ref, repair: wanted.repair }, CALL_MS);
    if (!wanted.yes || plan.refused !== null) {
      if (wanted.json) terminal.out(JSON.stringify({ plan }));
      else for (const line of planText(plan)) terminal.out(line);
      if (plan.refused !== null) terminal.error(`Refused: ${plan.refused}`);
      else terminal.error(`Nothing was done. Add --yes to do it${plan.confirm === "name" ? ` and --confirm-name "${plan.gateway}"` : ""}.`);
      return plan.refused === null ? 0 : 1;
    }
    // On the command line `--yes` is typed on purpose; it counts as both confirmations of a live gateway, never as the typed name.
    const { run: id } = await access.call("repair.start", { planId: plan.planId, confirmations: 2, typedName: wanted.confirmName }, CALL_MS);
    let said = 0;
    let step = "";
    for (;;) {
      const run = runOf(access, ref);
      if (run?.id === id) {
        if (!wanted.json) {
          const current = run.steps.find((one) => one.state === "running")?.title ?? "";
          if (current !== step && current !== "") terminal.error(`… ${current}`);
          step = current;
          for (const line of run.output.slice(said)) terminal.error(`  ${line}`);
          said = run.output.length;
        }
        if (run.outcome !== "running") {
          terminal.out(wanted.json ? JSON.stringify({ run }) : `${run.outcome}: ${run.verdict ?? ""}`);
          return run.outcome === "cured" ? 0 : 1;
        }
      }
      const stopped = await Promise.race([terminal.stopped.then(() => true), new Promise<false>((resolve) => setTimeout(() => resolve(false), LOOK_MS))]);
      if (stopped) {
        await access.call("repair.cancel", ref, CALL_MS).catch((error: unknown) => terminal.error(String(error)));
        terminal.error("Stopped following; a step that cannot be cancelled goes on.");
        return 1;
      }
    }
  } finally {
    await access.close();
  }
}
