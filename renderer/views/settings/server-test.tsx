import { useRef, useState } from "react";
import type { FoundContainer, ServerTest } from "../../../shared/contract.ts";
import type { ServerSettings } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { withoutEmpty } from "./templates.ts";

interface Props {
  server: ServerSettings;
  /** Containers that are already set up as gateways. */
  known: readonly string[];
  onPick: (container: FoundContainer) => void;
}

/** Tries the server as it stands in the form, and lists the containers that were found. */
export function ServerTestPanel({ server, known, onPick }: Props) {
  const call = useCall();
  const [result, setResult] = useState<ServerTest | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  const [busy, setBusy] = useState(false);
  const test = async () => {
    const stop = new AbortController();
    running.current = stop;
    setBusy(true);
    setFault(null);
    setResult(null);
    try {
      setResult(await call("server.test", withoutEmpty(server), { signal: stop.signal }));
    } catch (error) {
      if (!stop.signal.aborted) setFault(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack test-panel">
      <div className="actions">
        <Button small onPress={test} isDisabled={busy}>
          {busy ? strings.server.testing : strings.server.test}
        </Button>
        {busy && (
          <Button small look="quiet" onPress={() => running.current?.abort()}>
            {strings.cancel}
          </Button>
        )}
      </div>
      {fault !== null && (
        <p className="inline-error" role="alert">
          {fault}
        </p>
      )}
      {result !== null && (
        <>
          <ol className="run-steps" aria-label={strings.server.test}>
            {result.steps.map((step) => (
              <li key={step.title} data-step={step.ok === null ? "waiting" : step.ok ? "done" : "failed"}>
                <Icon name={step.ok === null ? "dot" : step.ok ? "check" : "cross"} size={14} />
                <span>{step.title}</span>
                <span className="quiet">{step.detail}</span>
              </li>
            ))}
          </ol>
          <Containers containers={result.containers} known={known} onPick={onPick} />
        </>
      )}
    </div>
  );
}

function Containers({
  containers,
  known,
  onPick,
}: {
  containers: readonly FoundContainer[];
  known: readonly string[];
  onPick: (container: FoundContainer) => void;
}) {
  if (containers.length === 0) return null;
  const order = [...containers].sort((a, b) => Number(b.likely) - Number(a.likely));
  return (
    <ul className="containers" aria-label={strings.server.containers}>
      {order.map((container) => (
        <li key={container.name}>
          <div>
            <strong>{container.name}</strong> {container.likely && <span className="tag">{strings.server.likely(container.mode)}</span>}
            <p className="quiet">
              {container.image} · {container.status}
            </p>
          </div>
          <Button small isDisabled={known.includes(container.name)} onPress={() => onPick(container)}>
            {known.includes(container.name) ? strings.server.added : strings.server.pick}
          </Button>
        </li>
      ))}
    </ul>
  );
}
