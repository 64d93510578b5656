import type { AccountSnapshot, Incident } from "../../shared/snapshot.ts";
import type { Clock } from "./clock.ts";
import type { Settled } from "./diagnosis/settle.ts";
import type { History } from "./history/history.ts";
import type { RepairEnd } from "./repair/repairs.ts";
import { NOT_NEEDED } from "./repair/run-step.ts";

interface Open {
  readonly incident: number;
  readonly causeId: string | null;
}

const INCIDENTS = 200;

/** Who asked and for what, in the first two lines; then step by step what ran and how it went. */
function repairIncident({ run, who, causeId, commands }: RepairEnd): { title: string; detail: string } {
  const seconds = run.endedAt === null ? null : Math.round((run.endedAt - run.startedAt) / 1_000);
  return {
    title: run.outcome === "running" ? `${run.title}: begun` : `${run.title}: ${run.outcome}`,
    detail: [
      `asked by ${who}`,
      `repair ${run.repair}`,
      ...(causeId === null ? [] : [`against ${causeId}`]),
      ...run.steps.flatMap((step, at) => {
        const command = commands[at] ?? null;
        const ran = command !== null && step.state !== "waiting" && step.detail !== NOT_NEEDED && (step.state !== "skipped" || step.detail !== "");
        return [`${step.title}: ${step.state}${step.detail === "" ? "" : `, ${step.detail}`}`, ...(ran ? [`  $ ${command}`] : [])];
      }),
      ...(seconds === null ? [] : [`${seconds} s`]),
      ...(run.verdict === null ? [] : [run.verdict]),
    ].join("\n"),
  };
}

/** Writes what a server's gateways went through: one incident a fault from its onset to its end, each repair, the accounts' curve. */
export class HistoryKeeper {
  private readonly open = new Map<string, Open>();
  private readonly repairs = new Map<string, number>();

  constructor(
    private readonly history: History,
    private readonly server: string,
    private readonly clock: Clock,
  ) {}

  /** Called with every verdict; writes only where the fault began, changed its cause or ended. */
  judged(gateway: string, settled: Settled): void {
    const { diagnosis } = settled;
    const known = this.open.get(gateway);
    const faulty = diagnosis.light === "down" || diagnosis.light === "degraded" || diagnosis.light === "needs-you";
    if (known !== undefined && (diagnosis.light === "up" || (faulty && known.causeId !== (diagnosis.cause?.id ?? null)))) {
      this.history.endIncident(known.incident, this.clock.now());
      this.open.delete(gateway);
    }
    if (!faulty || this.open.has(gateway)) return;
    const incident = this.history.addIncident({
      server: this.server,
      gateway,
      kind: "light",
      at: this.clock.now(),
      endedAt: null,
      title: diagnosis.sentence,
      detail: diagnosis.cause?.because.join("\n") ?? "",
      cause: diagnosis.cause?.id ?? null,
    });
    this.open.set(gateway, { incident, causeId: diagnosis.cause?.id ?? null });
  }

  /** Written at once: a repair whose end nobody saw (Gatelight killed, power lost) is in the log all the same. */
  repairBegan(gateway: string, begin: RepairEnd & { readonly taken: boolean }): void {
    const { run, causeId, taken } = begin;
    const { title, detail } = repairIncident(begin);
    const before = taken ? this.incidents(gateway).find((one) => one.kind === "repair" && one.at === run.startedAt) : undefined;
    const incident =
      before?.id ??
      this.history.addIncident({
        server: this.server,
        gateway,
        kind: "repair",
        at: run.startedAt,
        endedAt: null,
        title,
        detail,
        cause: causeId,
      });
    this.repairs.set(run.id, incident);
  }

  repairEnded(_gateway: string, end: RepairEnd): void {
    const incident = this.repairs.get(end.run.id);
    if (incident === undefined) return;
    this.repairs.delete(end.run.id);
    this.history.finishIncident(incident, { ...repairIncident(end), endedAt: end.run.endedAt ?? this.clock.now() });
  }

  incidents(gateway: string): Incident[] {
    return this.history.incidents({ server: this.server, gateway, limit: INCIDENTS });
  }

  sample(gateway: string, accounts: readonly AccountSnapshot[]): void {
    for (const account of accounts) {
      const net = account.figures.NetLiquidation;
      if (net === undefined || account.stale) continue;
      this.history.sample({
        server: this.server,
        gateway,
        account: account.id,
        at: this.clock.now(),
        netLiquidation: net.value,
        currency: net.currency,
        dailyPnl: account.figures.DailyPnL?.value ?? null,
      });
    }
  }

  /** Gatelight looks away now: what is open is not known to go on. */
  dispose(): void {
    for (const { incident } of this.open.values()) this.history.endIncident(incident, this.clock.now());
    this.open.clear();
  }
}
