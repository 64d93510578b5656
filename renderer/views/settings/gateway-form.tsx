import { useState } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { type GatewaySettings, gatewayPorts } from "../../../shared/settings.ts";
import { useSnapshot } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Choose, Field, NumberField } from "../../ui/fields.tsx";
import { Icon } from "../../ui/icons.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import type { Faults } from "./faults.ts";
import { ForwardsForm } from "./forwards-form.tsx";
import { GatewayMore } from "./gateway-more.tsx";
import { SessionPanel } from "./session-panel.tsx";
import { WatchdogForm } from "./watchdog-form.tsx";

interface Props {
  server: string;
  gateway: GatewaySettings;
  path: string;
  faults: Faults;
  onChange: (gateway: GatewaySettings) => void;
  onRemove: () => void;
}

const MODES = [
  { id: "paper", text: strings.paper },
  { id: "live", text: strings.gateway.live },
] as const;

export function GatewayForm({ server, gateway, path, faults, onChange, onRemove }: Props) {
  const [sure, setSure] = useState(false);
  const snapshot = useSnapshot()
    ?.servers.find((one) => one.id === server)
    ?.gateways.find((one) => one.id === gateway.id);
  const wrong = faults.under(path);
  const ports = gatewayPorts(gateway);
  const name = gateway.name ?? gateway.id;
  return (
    <Disclosure className="disclosure" defaultExpanded={gateway.container === "" || wrong > 0}>
      <Heading level={3} className="disclosure-head">
        <AriaButton slot="trigger" className="disclosure-trigger">
          <Icon name="chevron" size={12} />
          {name}
          <ModeBadge mode={gateway.mode} />
          <span className="quiet">{gateway.container}</span>
          {wrong > 0 && <span className="field-error">{strings.settings.faults(wrong)}</span>}
        </AriaButton>
      </Heading>
      <DisclosurePanel className="disclosure-panel">
        <div className="field-row">
          <Field
            label={strings.gateway.name}
            value={gateway.name ?? ""}
            onChange={(text) => onChange({ ...gateway, name: text === "" ? undefined : text })}
            placeholder={gateway.id}
            fault={faults.at(`${path}.name`)}
          />
          <Field label={strings.gateway.id} value={gateway.id} onChange={(id) => onChange({ ...gateway, id })} fault={faults.at(`${path}.id`)} isRequired />
          <Choose label={strings.gateway.mode} value={gateway.mode} choices={MODES} onChange={(mode) => onChange({ ...gateway, mode })} />
        </div>
        <div className="field-row">
          <Field
            label={strings.gateway.container}
            value={gateway.container}
            onChange={(container) => onChange({ ...gateway, container })}
            fault={faults.at(`${path}.container`)}
            isRequired
          />
          <NumberField
            label={strings.gateway.clientId}
            value={gateway.clientId}
            onChange={(clientId) => onChange({ ...gateway, clientId: clientId ?? 901 })}
            help={strings.gateway.clientIdHelp}
            fault={faults.at(`${path}.clientId`)}
          />
        </div>
        <fieldset className="field-row">
          <legend>{strings.gateway.ports}</legend>
          {(["relay", "api", "vnc"] as const).map((which) => (
            <NumberField
              key={which}
              label={strings.gateway.portNames[which]}
              value={gateway.ports?.[which]}
              onChange={(port) => onChange({ ...gateway, ports: { ...gateway.ports, [which]: port } })}
              placeholder={String(ports[which])}
              fault={faults.at(`${path}.ports.${which}`)}
            />
          ))}
        </fieldset>
        <GatewayMore gateway={gateway} path={path} faults={faults} onChange={onChange} />
        <ForwardsForm gateway={gateway} states={snapshot?.forwards ?? []} path={path} faults={faults} onChange={onChange} />
        <WatchdogForm gateway={gateway} path={path} faults={faults} onChange={onChange} />
        {snapshot !== undefined && <SessionPanel server={server} gateway={snapshot} />}
        <Button small look={sure ? "danger" : "quiet"} onPress={() => (sure ? onRemove() : setSure(true))}>
          {sure ? strings.settings.reallyRemove : strings.gateway.remove(name)}
        </Button>
      </DisclosurePanel>
    </Disclosure>
  );
}
