import type { RepairPlan, RepairRun, Snapshot } from "../../shared/snapshot.ts";
import { type Access, openAccess } from "./access.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { isDecided } from "./doctor-decided.ts";
import type { Terminal } from "./terminal.ts";

const CALL_MS = 30_000;
const LOOK_MS = 200;
const GOES_ON = "What was begun on the server and cannot be cancelled goes on by itself; the Gatelight that is started next follows it to its end.";

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

/** What of the run is news since the last look. */
function tellNews(run: RepairRun, told: { step: string; lines: readonly string[]; factor: number | null }, terminal: Terminal): void {
  const current = run.steps.find((one) => one.state === "running")?.title ?? "";
  if (current !== told.step && current !== "") terminal.error(`… ${current}`);
  told.step = current;
  // The output is bounded: its beginning may have been cut since.
  const at = told.lines.length < run.output.length ? told.lines.length : run.output.lastIndexOf(told.lines.at(-1) ?? "") + 1;
  for (const line of run.output.slice(at)) terminal.error(`  ${line}`);
  told.lines = run.output;
  if (run.secondFactorUntil !== null && run.secondFactorUntil !== told.factor)
    terminal.error(`Approve the second factor on your phone within ${Math.max(0, Math.round((run.secondFactorUntil - Date.now()) / 1_000))} s.`);
  told.factor = run.secondFactorUntil;
}

/**
 * Shows the plan; with `--yes` carries it out and follows it.
 * @returns 0 cured or only shown, 1 not cured or refused, 2 usage, 3 a second factor was not approved in time
 */
export async function repair(wanted: Arguments, terminal: Terminal): Promise<number> {
  if (wanted.repair === null) throw new UsageError("Which repair? Name its id.");
  const access = await openAccess(wanted.dataDir, { history: wanted.yes });
  try {
    const ref = find(access.snapshot(), wanted);
    await until(
      () =>
        isDecided(
          access.snapshot().servers.filter((server) => server.id === ref.server),
          Date.now(),
        )
          ? true
          : null,
      wanted.deadlineMs,
    );
    const plan = await access.call("repair.plan", { ...ref, repair: wanted.repair }, CALL_MS);
    const named = plan.confirm !== "name" || wanted.confirmName === plan.gateway;
    if (!wanted.yes || plan.refused !== null || !named) {
      if (wanted.json) terminal.out(JSON.stringify({ plan }));
      else for (const line of planText(plan)) terminal.out(line);
      if (plan.refused !== null) terminal.error(`Refused: ${plan.refused}`);
      else
        terminal.error(
          `Nothing was done. ${wanted.yes ? "Add" : "Add --yes to do it"}${named ? "" : `${wanted.yes ? "" : " and"} --confirm-name "${plan.gateway}"`}.`,
        );
      if (plan.refused !== null) return 1;
      return wanted.yes ? 2 : 0;
    }
    let lost = false;
    access.onLost(() => {
      lost = true;
    });
    // On the command line `--yes` is typed on purpose; it counts as both confirmations of a live gateway, never as the typed name.
    const { run: id } = await access.call("repair.start", { planId: plan.planId, confirmations: 2, typedName: wanted.confirmName }, CALL_MS);
    const told = { step: "", lines: [], factor: null };
    for (;;) {
      const run = runOf(access, ref);
      if (run?.id === id) {
        if (!wanted.json) tellNews(run, told, terminal);
        if (run.outcome !== "running") {
          terminal.out(wanted.json ? JSON.stringify({ run }) : `${run.outcome}: ${run.verdict ?? ""}`);
          return run.outcome === "cured" ? 0 : needsPerson(access, ref) ? 3 : 1;
        }
      }
      if (lost) {
        terminal.error(`Gatelight was quit meanwhile. ${GOES_ON}`);
        return 1;
      }
      const stopped = await Promise.race([terminal.stopped.then(() => true), new Promise<false>((resolve) => setTimeout(() => resolve(false), LOOK_MS))]);
      if (stopped) {
        await access.call("repair.cancel", ref, CALL_MS).catch((error: unknown) => terminal.error(String(error)));
        terminal.error(`Stopped following. ${access.shared ? "A step that cannot be cancelled goes on." : GOES_ON}`);
        return 1;
      }
    }
  } finally {
    await access.close();
  }
}

const needsPerson = (access: Access, ref: { server: string; gateway: string }): boolean =>
  access
    .snapshot()
    .servers.find((server) => server.id === ref.server)
    ?.gateways.find((gateway) => gateway.id === ref.gateway)?.light === "needs-you";
