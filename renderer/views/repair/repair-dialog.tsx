import { useEffect, useState } from "react";
import type { GatewaySnapshot, RepairPlan, ServerSnapshot } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { PlanView } from "./plan-view.tsx";
import { useRepair } from "./repair-context.tsx";
import { RunView } from "./run-view.tsx";

interface Props {
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
  repair: RepairId | null;
  onClose: () => void;
}

/** Before, during and after a repair. Closing it while it runs leaves it running. */
export function RepairDialog({ server, gateway, repair, onClose }: Props) {
  const [started, setStarted] = useState<string | null>(null);
  const { start } = useRepair();
  const run = repair === null || started !== null ? gateway.run : null;
  const title = run?.title ?? gateway.repairs.find((offer) => offer.id === repair)?.title ?? strings.repair.title;
  return (
    <Dialog title={`${title} · ${gateway.name}`} onClose={onClose} wide>
      {gateway.mode === "live" && <p className="live-band">{strings.repair.live}</p>}
      {run !== null && <RunView server={server} gateway={gateway} run={run} onNext={(next) => start(server.id, gateway.id, next)} onClose={onClose} />}
      {run === null && repair === null && <p className="quiet">{strings.repair.noRun}</p>}
      {run === null && repair !== null && (
        <Planning server={server} gateway={gateway} repair={repair} started={started} setStarted={setStarted} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface PlanningProps extends Props {
  repair: RepairId;
  started: string | null;
  setStarted: (run: string) => void;
}

function Planning({ server, gateway, repair, started, setStarted, onClose }: PlanningProps) {
  const call = useCall();
  const [plan, setPlan] = useState<RepairPlan | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks again
  useEffect(() => {
    const stop = new AbortController();
    setPlan(null);
    setFault(null);
    call("repair.plan", { server: server.id, gateway: gateway.id, repair }, { signal: stop.signal }).then(setPlan, (error) => {
      if (!stop.signal.aborted) setFault(messageOf(error));
    });
    return () => stop.abort();
  }, [call, server.id, gateway.id, repair, round]);
  const begin = async (confirmations: number, typedName: string | null) => {
    if (plan === null) return;
    try {
      const { run } = await call("repair.start", { planId: plan.planId, confirmations, typedName });
      setStarted(run);
    } catch (error) {
      setFault(messageOf(error));
    }
  };
  if (fault !== null) {
    return (
      <div className="stack">
        <p className="inline-error" role="alert">
          {fault}
        </p>
        <div className="dialog-actions">
          <Button onPress={onClose}>{strings.close}</Button>
          <Button look="primary" onPress={() => setRound(round + 1)}>
            {strings.repair.planAgain}
          </Button>
        </div>
      </div>
    );
  }
  if (plan === null || started !== null) return <p role="status">{plan === null ? strings.repair.planning : strings.repair.starting}</p>;
  return <PlanView plan={plan} gateway={gateway} begin={begin} onClose={onClose} />;
}
