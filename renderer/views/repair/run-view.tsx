import type { GatewaySnapshot, RepairRun, ServerSnapshot } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { formatCountdown, useNow } from "../../ui/time.ts";
import { useToast } from "../../ui/toasts.tsx";

const MARKS: Readonly<Record<RepairRun["steps"][number]["state"], IconName>> = {
  waiting: "dot",
  running: "chevron",
  done: "check",
  failed: "cross",
  skipped: "dot",
};

interface Props {
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
  run: RepairRun;
  onNext: (repair: RepairId) => void;
  onClose: () => void;
}

export function RunView({ server, gateway, run, onNext, onClose }: Props) {
  const call = useCall();
  const toast = useToast();
  const running = run.outcome === "running";
  const cancel = () => call("repair.cancel", { server: server.id, gateway: gateway.id }).catch((error) => toast(messageOf(error), "error"));
  return (
    <div className="stack">
      <Elapsed run={run} />
      {run.secondFactorUntil !== null && running && <SecondFactor until={run.secondFactorUntil} />}
      <ol className="run-steps">
        {run.steps.map((step) => (
          <li key={step.title} data-step={step.state} aria-current={step.state === "running" ? "step" : undefined}>
            <Icon name={MARKS[step.state]} size={14} />
            <span>{step.title}</span>
            <span className="quiet">{step.detail === "" ? strings.repair.stepStates[step.state] : step.detail}</span>
          </li>
        ))}
      </ol>
      {run.output.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="output" tabIndex={0} aria-label={strings.repair.output}>
          <pre>{run.output.join("\n")}</pre>
        </section>
      )}
      {run.verdict !== null && (
        <p className={run.outcome === "cured" ? "inline-good" : "inline-warning"} role="status">
          <strong>{strings.repair.outcomes[run.outcome]}</strong> {run.verdict}
        </p>
      )}
      {running && run.cancellable && run.cancelLeaves != null && <p className="quiet">{strings.repair.cancelLeaves(run.cancelLeaves)}</p>}
      <div className="dialog-actions">
        {running && run.cancellable && <Button onPress={cancel}>{strings.repair.cancel}</Button>}
        <Button look={run.next === null ? "primary" : "plain"} onPress={onClose}>
          {running ? strings.repair.background : strings.close}
        </Button>
        {run.next !== null && !running && <Next gateway={gateway} repair={run.next} onNext={onNext} />}
      </div>
    </div>
  );
}

function Next({ gateway, repair, onNext }: { gateway: GatewaySnapshot; repair: RepairId; onNext: (repair: RepairId) => void }) {
  const title = gateway.repairs.find((offer) => offer.id === repair)?.title ?? repair;
  return (
    <Button look="primary" onPress={() => onNext(repair)}>
      {strings.repair.next(title)}
    </Button>
  );
}

export function Elapsed({ run }: { run: RepairRun }) {
  const now = useNow();
  const seconds = Math.max(0, Math.round(((run.endedAt ?? now) - run.startedAt) / 1000));
  const share = run.outcome === "running" ? Math.min(0.97, seconds / Math.max(1, run.expectedSeconds)) : 1;
  return (
    <div className="elapsed">
      <div className="elapsed-bar" aria-hidden="true">
        <div style={{ inlineSize: `${Math.round(share * 100)}%` }} />
      </div>
      <p className="quiet">
        {run.outcome === "running"
          ? strings.repair.elapsed(strings.duration(seconds), strings.duration(run.expectedSeconds))
          : strings.repair.took(strings.duration(seconds))}
      </p>
    </div>
  );
}

function SecondFactor({ until }: { until: number }) {
  const now = useNow();
  return (
    <p className="inline-needs" role="alert">
      {strings.repair.approve} <strong className="countdown">{formatCountdown(until - now)}</strong>
    </p>
  );
}
