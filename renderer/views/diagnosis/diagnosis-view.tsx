import { useState } from "react";
import type { EvidenceLine, FindingSnapshot, GatewaySnapshot, ServerSnapshot } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { useGateway } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { LightShape } from "../../ui/light-shape.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import { formatSpan, useNow } from "../../ui/time.ts";
import { useToast } from "../../ui/toasts.tsx";
import { Chain } from "../overview/chain.tsx";
import { SessionPanel } from "../settings/session-panel.tsx";
import { Incidents } from "./incidents.tsx";
import { ReportDialog } from "./report-dialog.tsx";

export function DiagnosisView() {
  const { server, gateway } = useGateway();
  return (
    <div className="view">
      <Head server={server} gateway={gateway} />
      <Chain lights={gateway.lights} compact />
      <div className="columns">
        <div className="column">
          <Findings gateway={gateway} />
          <Incidents key={`${server.id}/${gateway.id}`} server={server.id} gateway={gateway.id} />
        </div>
        <div className="column">
          <Evidence lines={gateway.evidence} />
          <section className="panel" aria-label={strings.session.title}>
            <SessionPanel server={server.id} gateway={gateway} />
          </section>
        </div>
      </div>
    </div>
  );
}

function Head({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const call = useCall();
  const toast = useToast();
  const [report, setReport] = useState(false);
  const [calling, setCalling] = useState(false);
  const ref = { server: server.id, gateway: gateway.id };
  const callTool = async () => {
    setCalling(true);
    try {
      const { ok, detail } = await call("mcp.callTool", ref);
      toast(ok ? strings.diagnosis.toolAnswered(detail) : strings.diagnosis.toolFailed(detail), ok ? "info" : "error");
    } catch (error) {
      toast(messageOf(error), "error");
    } finally {
      setCalling(false);
    }
  };
  return (
    <header className="view-head">
      <LightShape state={gateway.light} size={18} label={strings.states[gateway.light]} />
      <h1>{gateway.sentence}</h1>
      <ModeBadge mode={gateway.mode} />
      <Button small onPress={() => call("look.now", ref).catch((error) => toast(messageOf(error), "error"))}>
        {strings.verdict.lookNow}
      </Button>
      <Button small onPress={callTool} isDisabled={calling || gateway.lights.mcp.state === "off"}>
        {calling ? strings.diagnosis.calling : strings.diagnosis.callTool}
      </Button>
      <Button small onPress={() => setReport(true)}>
        {strings.diagnosis.report}
      </Button>
      {report && <ReportDialog onClose={() => setReport(false)} />}
    </header>
  );
}

function Findings({ gateway }: { gateway: GatewaySnapshot }) {
  const { cause, others } = gateway;
  return (
    <section className="panel" aria-label={strings.diagnosis.cause}>
      <h2>{strings.diagnosis.cause}</h2>
      {cause === null ? <p className="quiet">{strings.diagnosis.noCause}</p> : <Finding finding={cause} chief />}
      {others.length > 0 && (
        <>
          <h3>{strings.diagnosis.rivals}</h3>
          {others.map((finding) => (
            <Finding key={finding.id} finding={finding} chief={false} />
          ))}
        </>
      )}
    </section>
  );
}

function Finding({ finding, chief }: { finding: FindingSnapshot; chief: boolean }) {
  return (
    <article className="finding" data-chief={chief}>
      <p>
        <strong>{finding.title}</strong> <span className="tag">{strings.confidence[finding.confidence]}</span>
      </p>
      <ul className="because">
        {finding.because.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {finding.decides !== null && (
        <p className="quiet">
          {strings.diagnosis.decides} {finding.decides}
        </p>
      )}
    </article>
  );
}

function Evidence({ lines }: { lines: readonly EvidenceLine[] }) {
  const now = useNow();
  return (
    <section className="panel" aria-label={strings.diagnosis.evidence}>
      <h2>{strings.diagnosis.evidence}</h2>
      {lines.length === 0 && <p className="quiet">{strings.diagnosis.noEvidence}</p>}
      <table className="table evidence">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{strings.diagnosis.fact}</th>
            <th scope="col">{strings.diagnosis.value}</th>
            <th scope="col">{strings.diagnosis.age}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.label}>
              <th scope="row">{line.label}</th>
              <td>{line.value}</td>
              <td className="quiet">{line.at === null ? strings.diagnosis.notKnown : formatSpan(now - line.at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
