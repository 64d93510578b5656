import { useState } from "react";
import type { ServerSettings } from "../../../shared/settings.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/fields.tsx";
import type { Faults } from "./faults.ts";
import { GatewayForm } from "./gateway-form.tsx";
import { ReachFields } from "./reach-fields.tsx";
import { ServerTestPanel } from "./server-test.tsx";
import { emptyGateway, gatewayOf } from "./templates.ts";

interface Props {
  server: ServerSettings;
  path: string;
  faults: Faults;
  onChange: (server: ServerSettings) => void;
  onRemove: () => void;
}

export function ServerForm({ server, path, faults, onChange, onRemove }: Props) {
  const [sure, setSure] = useState(false);
  const name = server.name ?? (server.reach.kind === "ssh" ? server.reach.host : strings.rail.onThisMachine);
  const ids = server.gateways.map((gateway) => gateway.id);
  return (
    <section className="panel form" aria-label={strings.server.title(name)}>
      <header className="panel-head">
        <h2>{strings.server.title(name)}</h2>
        <Button small look={sure ? "danger" : "quiet"} onPress={() => (sure ? onRemove() : setSure(true))}>
          {sure ? strings.settings.reallyRemove : strings.remove}
        </Button>
      </header>
      <ReachFields reach={server.reach} path={`${path}.reach`} faults={faults} onChange={(reach) => onChange({ ...server, reach })} />
      <div className="field-row">
        <Field
          label={strings.server.name}
          value={server.name ?? ""}
          onChange={(text) => onChange({ ...server, name: text === "" ? undefined : text })}
          placeholder={name}
          fault={faults.at(`${path}.name`)}
        />
        <Field
          label={strings.server.docker}
          value={server.docker}
          onChange={(docker) => onChange({ ...server, docker })}
          help={strings.server.dockerHelp}
          fault={faults.at(`${path}.docker`)}
        />
      </div>
      <ServerTestPanel
        server={server}
        known={server.gateways.map((gateway) => gateway.container)}
        onPick={(container) => onChange({ ...server, gateways: [...server.gateways, gatewayOf(container, ids)] })}
      />
      {server.gateways.map((gateway, index) => (
        <GatewayForm
          // biome-ignore lint/suspicious/noArrayIndexKey: the id is being edited in this very form
          key={index}
          server={server.id}
          gateway={gateway}
          path={`${path}.gateways[${index}]`}
          faults={faults}
          onChange={(next) => onChange({ ...server, gateways: server.gateways.map((one, at) => (at === index ? next : one)) })}
          onRemove={() => onChange({ ...server, gateways: server.gateways.filter((_, at) => at !== index) })}
        />
      ))}
      <Button small onPress={() => onChange({ ...server, gateways: [...server.gateways, emptyGateway(ids)] })}>
        {strings.gateway.add}
      </Button>
    </section>
  );
}
