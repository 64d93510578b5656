import type { GatewaySnapshot, ServerSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { LightShape } from "../../ui/light-shape.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import { formatAt, formatSpan, useNow } from "../../ui/time.ts";
import { RunStrip } from "../repair/run-strip.tsx";
import { VerdictActions } from "./verdict-actions.tsx";

export function Verdict({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const { cause } = gateway;
  const now = useNow();
  return (
    <section className="verdict" aria-label={strings.verdict.label} data-state={gateway.light}>
      <div className="verdict-head">
        <LightShape state={gateway.light} size={24} label={strings.states[gateway.light]} />
        <h1 aria-live="polite">{gateway.sentence}</h1>
        <ModeBadge mode={gateway.mode} paper />
      </div>
      <div className="verdict-body">
        {cause !== null && (
          <Because title={cause.title === gateway.sentence ? null : cause.title} lines={cause.because} confidence={strings.confidence[cause.confidence]} />
        )}
        {gateway.excused !== null && <p className="excused">{strings.verdict.excused(gateway.excused.reason, formatAt(gateway.excused.until, now))}</p>}
        {cause?.endsAt != null && cause.endsAt > now && <p className="quiet">{strings.verdict.endsAt(formatAt(cause.endsAt, now))}</p>}
        <ReleasedLine gateway={gateway} />
        {cause === null && <UpLine gateway={gateway} />}
        {gateway.session.clientIdNote !== null && <p className="quiet">{gateway.session.clientIdNote}</p>}
        {gateway.run !== null && <RunStrip server={server} gateway={gateway} run={gateway.run} />}
        <VerdictActions server={server} gateway={gateway} />
      </div>
    </section>
  );
}

function Because({ title, lines, confidence }: { title: string | null; lines: readonly string[]; confidence: string }) {
  return (
    <>
      <p className="verdict-cause">
        {title !== null && <strong>{title}</strong>} <span className="tag">{strings.verdict.confidence(confidence)}</span>
      </p>
      <ul className="because">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

/** Whatever else is so: whoever gave the account away sees it. */
function ReleasedLine({ gateway: { session } }: { gateway: GatewaySnapshot }) {
  const now = useNow();
  if (session.state !== "released") return null;
  return <p>{strings.verdict.released(session.releasedUntil === null ? null : formatAt(session.releasedUntil, now))}</p>;
}

function UpLine({ gateway }: { gateway: GatewaySnapshot }) {
  const now = useNow();
  const { session } = gateway;
  if (session.state === "released") return null;
  const since = Math.max(...Object.values(gateway.lights).map((light) => light.since));
  return (
    <p className="quiet">
      {gateway.light === "up" && `${strings.verdict.allUp} ${strings.verdict.since(formatSpan(now - since))} · `}
      {strings.verdict.session(session.clientId, session.connectsToday)}
    </p>
  );
}
