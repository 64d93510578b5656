import type { ForwardSettings, GatewaySettings } from "../../../shared/settings.ts";
import type { ForwardSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { NumberField, Switch } from "../../ui/fields.tsx";
import type { Faults } from "./faults.ts";

interface Props {
  gateway: GatewaySettings;
  states: readonly ForwardSnapshot[];
  path: string;
  faults: Faults;
  onChange: (gateway: GatewaySettings) => void;
}
const TARGETS = ["api", "vnc", "mcp"] as const;

/** Tunnels for other programs. Off unless wanted: a loopback port is open to every program of this machine. */
export function ForwardsForm({ gateway, states, path, faults, onChange }: Props) {
  const all = gateway.forwards ?? [];
  const put = (forward: ForwardSettings) => onChange({ ...gateway, forwards: [...all.filter((one) => one.target !== forward.target), forward] });
  return (
    <fieldset className="stack">
      <legend>{strings.forwards.title}</legend>
      <p className="inline-note">{strings.forwards.warning}</p>
      {TARGETS.map((target) => {
        const index = all.findIndex((one) => one.target === target);
        const forward = all[index] ?? { target, localPort: 0, enabled: false };
        const state = states.find((one) => one.target === target);
        return (
          <div className="forward" key={target}>
            <Switch isSelected={forward.enabled} onChange={(enabled) => put({ ...forward, enabled })}>
              {strings.forwards.targets[target]}
            </Switch>
            {forward.enabled && (
              <NumberField
                label={strings.forwards.localPort}
                value={forward.localPort === 0 ? undefined : forward.localPort}
                onChange={(port) => put({ ...forward, localPort: port ?? 0 })}
                placeholder={strings.forwards.anyPort}
                fault={faults.at(`${path}.forwards[${index}].localPort`)}
              />
            )}
            {target === "api" && forward.enabled && <p className="inline-note">{strings.forwards.apiWarning}</p>}
            {state !== undefined && <p className="quiet">{strings.forwards.state(state)}</p>}
            {state?.state === "listening" && state.detail !== "" && <p className="quiet">{strings.forwards.lastFailure(state.detail)}</p>}
          </div>
        );
      })}
    </fieldset>
  );
}
