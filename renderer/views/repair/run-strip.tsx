import type { GatewaySnapshot, RepairRun, ServerSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { useNow } from "../../ui/time.ts";
import { useRepair } from "./repair-context.tsx";
import { Elapsed } from "./run-view.tsx";

/** A finished repair is news for so long. */
const NEWS_MS = 10 * 60_000;

/** The run in one line, where the verdict stands. */
export function RunStrip({ server, gateway, run }: { server: ServerSnapshot; gateway: GatewaySnapshot; run: RepairRun }) {
  const { watch } = useRepair();
  const now = useNow();
  if (run.endedAt !== null && now - run.endedAt > NEWS_MS) return null;
  const step = run.steps.find((one) => one.state === "running");
  return (
    <section className="run-strip" aria-label={run.title}>
      <p>
        <strong>{run.title}</strong> · {run.outcome === "running" ? (step?.title ?? strings.repair.starting) : strings.repair.outcomes[run.outcome]}
      </p>
      <Elapsed run={run} />
      <Button small onPress={() => watch(server.id, gateway.id)}>
        {strings.repair.details}
      </Button>
    </section>
  );
}
