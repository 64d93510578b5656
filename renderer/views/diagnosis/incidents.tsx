import { useEffect, useState } from "react";
import type { Incident } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { formatAt, formatSpan, useNow } from "../../ui/time.ts";

const LIMIT = 100;
const REFRESH_MS = 15_000;

export function Incidents({ server, gateway }: { server: string; gateway: string }) {
  const call = useCall();
  const now = useNow();
  const [incidents, setIncidents] = useState<readonly Incident[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = () =>
      call("history.incidents", { server, gateway, limit: LIMIT }, { signal: stop.signal }).then(
        (found) => {
          setIncidents(found);
          setFault(null);
        },
        (error) => {
          if (!stop.signal.aborted) setFault(messageOf(error));
        },
      );
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [call, server, gateway]);
  return (
    <section className="panel" aria-label={strings.diagnosis.incidents}>
      <h2>{strings.diagnosis.incidents}</h2>
      {fault !== null && <p className="inline-error">{fault}</p>}
      {incidents?.length === 0 && <p className="quiet">{strings.diagnosis.noIncidents}</p>}
      <ol className="incidents">
        {incidents?.map((incident) => (
          <li key={incident.id}>
            <time dateTime={new Date(incident.at).toISOString()}>{formatAt(incident.at, now)}</time>
            <div>
              <strong>{incident.title}</strong> <span className="tag">{strings.diagnosis.kinds[incident.kind]}</span>
              <p className="quiet">
                {incident.detail}
                {incident.endedAt !== null && ` ${strings.diagnosis.lasted(formatSpan(incident.endedAt - incident.at))}`}
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
