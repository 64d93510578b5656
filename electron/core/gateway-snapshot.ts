import type { GatewaySettings } from "../../shared/settings.ts";
import type { ForwardSnapshot, GatewaySnapshot, LightSnapshot, RepairOffer, RepairRun } from "../../shared/snapshot.ts";
import { LIGHTS } from "../../shared/words.ts";
import type { GatewayEvidence } from "./diagnosis/evidence.ts";
import { evidenceLines } from "./diagnosis/evidence-lines.ts";
import type { Finding } from "./diagnosis/finding.ts";
import { guideItems } from "./diagnosis/guide.ts";
import type { Settled } from "./diagnosis/settle.ts";
import type { SessionReport } from "./session/session.ts";

const finding = ({ id, title, because, confidence, decides, endsAt }: Finding) => ({ id, title, because, confidence, decides, endsAt });

/** The gateway as every view sees it. Pure. */
export function gatewaySnapshot(parts: {
  gateway: GatewaySettings;
  evidence: GatewayEvidence;
  settled: Settled;
  report: SessionReport;
  repairs: readonly RepairOffer[];
  run: RepairRun | null;
  forwards: readonly ForwardSnapshot[];
  now: number;
}): GatewaySnapshot {
  const { gateway, settled, evidence, report } = parts;
  const { diagnosis } = settled;
  const lights = Object.fromEntries(
    LIGHTS.map((name) => [name, { ...diagnosis.lights[name], since: settled.since[name] } satisfies LightSnapshot]),
  ) as GatewaySnapshot["lights"];
  return {
    id: gateway.id,
    name: evidence.gateway.name,
    mode: gateway.mode,
    container: gateway.container,
    light: diagnosis.light,
    lights,
    sentence: diagnosis.sentence,
    cause: diagnosis.cause === null ? null : finding(diagnosis.cause),
    others: diagnosis.others.map(finding),
    repairs: parts.repairs,
    excused: diagnosis.excused,
    accounts: report.accounts,
    session: report.session,
    guide: guideItems(evidence),
    evidence: evidenceLines(evidence, parts.now),
    run: parts.run,
    forwards: parts.forwards,
  };
}
