import { type FormEvent, useState } from "react";
import { Checkbox } from "react-aria-components";
import type { GatewaySettings, ServerSettings, Settings } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall, useSnapshot } from "../../api/link-context.tsx";
import { NO_SCENARIO } from "../../simulation-bar.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import { type Faults, readFaults } from "./faults.ts";
import { ReachFields } from "./reach-fields.tsx";
import { ServerTestPanel } from "./server-test.tsx";
import { FaultSummary } from "./settings-form.tsx";
import { freeId, gatewayOf, HOME_HOST, homeServer, identifierOf, withoutEmpty } from "./templates.ts";

/** Ready for the home server: the person fills in a user, nothing else. */
export function AddServer({ settings, onAdded }: { settings: Settings; onAdded: () => void }) {
  const call = useCall();
  const simulated = useSnapshot()?.app.simulation != null;
  const [server, setServer] = useState<ServerSettings>(() => homeServer(settings.servers.map((one) => one.id)));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(server.gateways.map((gateway) => gateway.id)));
  const [faults, setFaults] = useState<Faults>(readFaults([]));
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const path = `servers[${settings.servers.length}]`;
  const gateways = server.gateways.filter((gateway) => chosen.has(gateway.id));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    const { reach } = server;
    const id =
      reach.kind === "ssh" && reach.host !== HOME_HOST
        ? freeId(
            identifierOf(reach.host),
            settings.servers.map((one) => one.id),
          )
        : server.id;
    try {
      const added = withoutEmpty({ ...server, id, gateways });
      const answer = await call("settings.save", { ...settings, servers: [...settings.servers, added] });
      setFaults(readFaults(answer.faults));
      if (answer.faults.length === 0) {
        // Whoever adds a server of their own wants to see that one.
        if (simulated) await call("simulation.play", { scenario: NO_SCENARIO });
        window.location.hash = `#/overview/${encodeURIComponent(id)}`;
        onAdded();
      }
    } catch (error) {
      setFault(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const toggle = (id: string, on: boolean) => setChosen(new Set(on ? [...chosen, id] : [...chosen].filter((one) => one !== id)));
  return (
    <form className="view settings" onSubmit={submit}>
      <header className="view-head">
        <h1>{strings.server.addTitle}</h1>
      </header>
      <p>{strings.server.addLead}</p>
      {faults.all.length > 0 && <FaultSummary faults={faults} />}
      {fault !== null && (
        <p className="inline-error" role="alert">
          {fault}
        </p>
      )}
      <section className="panel form" aria-label={strings.server.connection}>
        <h2>{strings.server.connection}</h2>
        <ReachFields reach={server.reach} path={`${path}.reach`} faults={faults} onChange={(reach) => setServer({ ...server, reach })} fresh />
      </section>
      <GatewayChoice gateways={server.gateways} chosen={chosen} toggle={toggle} />
      <ServerTestPanel
        server={{ ...server, gateways }}
        known={gateways.map((gateway) => gateway.container)}
        onPick={(container) => {
          const gateway =
            server.gateways.find((one) => one.container === container.name) ??
            gatewayOf(
              container,
              server.gateways.map((one) => one.id),
            );
          if (!server.gateways.includes(gateway)) setServer({ ...server, gateways: [...server.gateways, gateway] });
          toggle(gateway.id, true);
        }}
      />
      <div className="actions">
        <Button look="primary" type="submit" isDisabled={busy}>
          {strings.server.addDo}
        </Button>
        <a className="button button-plain link-button" href="#/overview">
          {strings.cancel}
        </a>
      </div>
    </form>
  );
}

function GatewayChoice({
  gateways,
  chosen,
  toggle,
}: {
  gateways: readonly GatewaySettings[];
  chosen: ReadonlySet<string>;
  toggle: (id: string, on: boolean) => void;
}) {
  return (
    <fieldset className="panel form stack">
      <legend>{strings.server.gateways}</legend>
      {gateways.map((gateway) => (
        <Checkbox key={gateway.id} className="check" isSelected={chosen.has(gateway.id)} onChange={(on) => toggle(gateway.id, on)}>
          <span className="check-box" aria-hidden="true" />
          <span>
            {gateway.name ?? gateway.id} <ModeBadge mode={gateway.mode} /> <span className="quiet">{gateway.container}</span>
          </span>
        </Checkbox>
      ))}
      <p className="quiet">{strings.server.foundLater}</p>
    </fieldset>
  );
}
