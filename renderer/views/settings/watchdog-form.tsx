import { Checkbox } from "react-aria-components";
import type { GatewaySettings } from "../../../shared/settings.ts";
import { strings } from "../../strings.ts";
import { NumberField, Switch } from "../../ui/fields.tsx";
import type { Faults } from "./faults.ts";

type Watchdog = NonNullable<GatewaySettings["watchdog"]>;
const MILD: readonly Watchdog["repairs"][number][] = [
  "resubscribe",
  "reconnect-data",
  "reconnect-account",
  "restart-relay",
  "restart-screen",
  "restart-mcp-workers",
  "restart-soft",
];
const OFF: Watchdog = { enabled: false, repairs: [], maxPerDay: 2 };

interface Props {
  gateway: GatewaySettings;
  path: string;
  faults: Faults;
  onChange: (gateway: GatewaySettings) => void;
}

/** Repairs that Gatelight may do by itself. */
export function WatchdogForm({ gateway, path, faults, onChange }: Props) {
  const watchdog = gateway.watchdog ?? OFF;
  const set = (part: Partial<Watchdog>) => onChange({ ...gateway, watchdog: { ...watchdog, ...part } });
  const toggle = (repair: Watchdog["repairs"][number], on: boolean) =>
    set({ repairs: MILD.filter((one) => (one === repair ? on : watchdog.repairs.includes(one))) });
  return (
    <fieldset className="stack">
      <legend>{strings.watchdog.title}</legend>
      <Switch isSelected={watchdog.enabled} onChange={(enabled) => set({ enabled })}>
        {strings.watchdog.enable}
      </Switch>
      {watchdog.enabled && (
        <>
          <p className="quiet">{strings.watchdog.rules}</p>
          <div className="checks">
            {MILD.map((repair) => (
              <Checkbox key={repair} className="check" isSelected={watchdog.repairs.includes(repair)} onChange={(on) => toggle(repair, on)}>
                <span className="check-box" aria-hidden="true" />
                {strings.watchdog.repairs[repair]}
              </Checkbox>
            ))}
          </div>
          <NumberField
            label={strings.watchdog.maxPerDay}
            value={watchdog.maxPerDay}
            onChange={(maxPerDay) => set({ maxPerDay: maxPerDay ?? 1 })}
            fault={faults.at(`${path}.watchdog.maxPerDay`)}
          />
        </>
      )}
    </fieldset>
  );
}
