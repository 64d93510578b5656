import type { GatewaySettings } from "../../../shared/settings.ts";
import type { RepairOffer, RepairPlan } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { REPAIRS } from "../../../shared/words.ts";
import type { GatewayEvidence, PresentContainer } from "../diagnosis/evidence.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";
import { REPAIR_CATALOGUE } from "./ladder.ts";
import { endsGateway, LOCAL, refusalOf } from "./refusals.ts";
import { type StepContext, type StepPlan, stepsFor } from "./steps.ts";

/** The three that delete or replace. */
const REPLACING: ReadonlySet<RepairId> = new Set(["recreate-container", "pull-image", "fresh-reinstall"]);
const NO_RUN: ReadonlySet<RepairId> = new Set(["open-api-settings"]);

export interface PlanInput {
  readonly repair: RepairId;
  readonly planId: string;
  readonly docker: string;
  readonly serverName: string;
  readonly gateway: GatewaySettings;
  readonly evidence: GatewayEvidence;
  /** The container as it was seen last, whether or not it is still there. */
  readonly lastSeen: PresentContainer | null;
  readonly diagnosis: Diagnosis;
  readonly now: number;
  /** Title of the repair that runs now, on this gateway or one that shares its container. */
  readonly running: string | null;
  /** Other gateways in the same container (the image's dual mode): what ends this one ends them. */
  readonly sharing: readonly Sharer[];
}
export interface Sharer {
  readonly mode: "paper" | "live";
  readonly evidence: GatewayEvidence;
  readonly diagnosis: Diagnosis;
}

/** What the container's gateways cost together: one live log-in among them wants the phone. */
const dearest = ({ gateway, sharing }: Pick<PlanInput, "gateway" | "sharing">): "paper" | "live" =>
  gateway.mode === "live" || sharing.some((other) => other.mode === "live") ? "live" : "paper";

function refusal(repair: RepairId, input: Omit<PlanInput, "planId" | "repair" | "serverName">): string | null {
  const own = refusalOf(repair, input.evidence, input.diagnosis, input.now, input.running);
  if (own !== null || !endsGateway(repair)) return own;
  const others = input.sharing.map((other) => refusalOf(repair, other.evidence, other.diagnosis, input.now, null));
  const other = others.find((why) => why !== null);
  return other === undefined ? null : `Another gateway shares this container. ${other}`;
}

function contextOf(input: Pick<PlanInput, "docker" | "gateway" | "evidence" | "lastSeen" | "sharing">): StepContext {
  const { docker, gateway, evidence, lastSeen, sharing } = input;
  return { docker, gateway, container: lastSeen, login: evidence.login?.value ?? null, shared: sharing.length > 0 };
}

/** Programs that lose their connection, by the socket table; Gatelight's own session is not counted. `null`: not known. */
export function clientsAffected(repair: RepairId, evidence: GatewayEvidence): number | null {
  const workers = evidence.mcp?.value.health?.workersConnected ?? null;
  if (repair === "restart-mcp-workers") return workers;
  if (!endsGateway(repair) && repair !== "restart-relay") return 0;
  const container = evidence.container?.value;
  if (container !== undefined && (container.kind === "missing" || container.status !== "running")) return 0;
  const sockets = evidence.sockets?.value;
  if (sockets === undefined) return null;
  const api = evidence.api?.value.kind;
  const own = api === "ready" || api === "opening" ? 1 : 0;
  const throughRelay = evidence.route?.value.api?.through === "relay";
  // Every program on the relay is also one at the API port, with socat between; some reach that port directly.
  if (repair === "restart-relay") return Math.max(0, sockets.relayClients - (throughRelay ? own : 0));
  return Math.max(0, Math.max(sockets.relayClients, sockets.api.established) - own);
}

/** Whatever runs on a live gateway's server asks twice; what deletes or replaces asks for the gateway's name. */
export function confirmationFor(repair: RepairId, mode: "paper" | "live"): 1 | 2 | "name" {
  if (REPLACING.has(repair)) return "name";
  return mode === "live" && !LOCAL.has(repair) ? 2 : 1;
}

/** Everything a person should see before it runs, and the steps that will. */
export function planRepair(input: PlanInput): { readonly plan: RepairPlan; readonly steps: StepPlan } {
  const { repair, gateway, evidence, diagnosis, serverName } = input;
  const steps = stepsFor(repair, contextOf(input));
  const refused = refusal(repair, input) ?? (steps.ok ? null : steps.why);
  const mode = dearest(input);
  const entry = REPAIR_CATALOGUE[repair];
  const offered = diagnosis.cause?.repairs ?? [];
  const milder = offered.filter((id) => REPAIRS.indexOf(id) < REPAIRS.indexOf(repair));
  const commands = steps.ok
    ? steps.steps.flatMap((step) => {
        if (step.kind === "await") return [];
        if (step.kind === "session") return [{ where: "Gatelight's own API session", text: step.shown }];
        if (step.kind === "mcp") return [{ where: `MCP server of ${gateway.id}`, text: step.shown }];
        return [{ where: serverName, text: step.shown }];
      })
    : [];
  return {
    steps,
    plan: {
      repair,
      title: entry.title,
      gateway: gateway.name ?? gateway.id,
      commands,
      price: entry.price(mode),
      clientsAffected: clientsAffected(repair, evidence),
      cures: entry.cures,
      tryFirst: milder,
      refused,
      confirm: confirmationFor(repair, mode),
      planId: input.planId,
    },
  };
}

/** The ways out of the cause at hand, mildest first. */
export function offersFor(input: Omit<PlanInput, "planId" | "repair" | "serverName">): RepairOffer[] {
  const named = input.diagnosis.cause?.repairs ?? [];
  const ids = REPAIRS.filter((id) => named.includes(id));
  return ids.map((id) => {
    const entry = REPAIR_CATALOGUE[id];
    const steps = NO_RUN.has(id) ? null : stepsFor(id, contextOf(input));
    const refused = NO_RUN.has(id) ? null : (refusal(id, input) ?? (steps?.ok === false ? steps.why : null));
    return { id, title: entry.title, price: entry.price(dearest(input)), refused };
  });
}
