import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Snapshot } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { RepairDialog } from "./repair-dialog.tsx";

interface Chosen {
  readonly server: string;
  readonly gateway: string;
  /** `null`: show the run that is there. */
  readonly repair: RepairId | null;
}
interface RepairActions {
  /** Shows what the repair would do, and what it costs; nothing runs before the person says so. */
  start(server: string, gateway: string, repair: RepairId): void;
  /** Shows the run of the gateway. */
  watch(server: string, gateway: string): void;
}
const RepairContext = createContext<RepairActions>({ start: () => undefined, watch: () => undefined });

export function useRepair(): RepairActions {
  return useContext(RepairContext);
}

export function RepairProvider({ snapshot, children }: { snapshot: Snapshot; children: ReactNode }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const actions = useMemo<RepairActions>(
    () => ({
      start: (server, gateway, repair) => setChosen({ server, gateway, repair }),
      watch: (server, gateway) => setChosen({ server, gateway, repair: null }),
    }),
    [],
  );
  const close = useCallback(() => setChosen(null), []);
  const server = snapshot.servers.find((one) => one.id === chosen?.server);
  const gateway = server?.gateways.find((one) => one.id === chosen?.gateway);
  return (
    <RepairContext value={actions}>
      {children}
      {chosen !== null && server !== undefined && gateway !== undefined && (
        <RepairDialog key={chosen.repair} server={server} gateway={gateway} repair={chosen.repair} onClose={close} />
      )}
    </RepairContext>
  );
}
