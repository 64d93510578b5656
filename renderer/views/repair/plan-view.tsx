import { useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import type { GatewaySnapshot, RepairPlan } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";

interface Props {
  plan: RepairPlan;
  gateway: GatewaySnapshot;
  begin: (confirmations: number, typedName: string | null) => Promise<void>;
  onClose: () => void;
}

/** What will run, where, and at what price; then the confirmation that the repair asks for. */
export function PlanView({ plan, gateway, begin, onClose }: Props) {
  const first = plan.tryFirst.map((id) => gateway.repairs.find((offer) => offer.id === id)?.title ?? id);
  return (
    <div className="stack">
      <p>{plan.cures}</p>
      {first.length > 0 && <p className="inline-note">{strings.repair.tryFirst(first.join(", "))}</p>}
      <Price plan={plan} />
      <section aria-label={strings.repair.commands}>
        <h3>{strings.repair.commands}</h3>
        {plan.commands.length === 0 && <p className="quiet">{strings.repair.noCommands}</p>}
        <ol className="commands">
          {plan.commands.map((command) => (
            <li key={`${command.where} ${command.text}`}>
              <span className="quiet">{command.where}</span>
              <code>{command.text}</code>
            </li>
          ))}
        </ol>
      </section>
      {plan.refused !== null ? (
        <>
          <p className="inline-warning" role="alert">
            {strings.verdict.refused(plan.refused)}
          </p>
          <div className="dialog-actions">
            <Button onPress={onClose}>{strings.close}</Button>
          </div>
        </>
      ) : (
        <Confirm plan={plan} gateway={gateway} begin={begin} onClose={onClose} />
      )}
    </div>
  );
}

function Price({ plan }: { plan: RepairPlan }) {
  const { price, clientsAffected } = plan;
  const lines: readonly { readonly text: string; readonly costs: boolean }[] = [
    {
      text: price.downtimeSeconds === 0 ? strings.repair.noDowntime : strings.repair.downtime(strings.duration(price.downtimeSeconds)),
      costs: price.downtimeSeconds > 0,
    },
    { text: price.secondFactor ? strings.repair.secondFactor : strings.repair.noSecondFactor, costs: price.secondFactor },
    { text: price.losesUiSettings ? strings.repair.losesSettings : strings.repair.keepsSettings, costs: price.losesUiSettings },
    { text: clientsAffected === null ? strings.repair.clientsUnknown : strings.repair.clients(clientsAffected), costs: clientsAffected !== 0 },
  ];
  return (
    <ul className="price" aria-label={strings.repair.price}>
      {lines.map((line) => (
        <li key={line.text} data-costs={line.costs}>
          <Icon name={line.costs ? "warning" : "check"} size={14} />
          {line.text}
        </li>
      ))}
    </ul>
  );
}

function Confirm({ plan, gateway, begin, onClose }: Props) {
  const [once, setOnce] = useState(false);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const named = plan.confirm !== "name" || name === gateway.name;
  const press = () => {
    if (plan.confirm === 2 && !once) return setOnce(true);
    setBusy(true);
    void begin(plan.confirm === 1 ? 1 : 2, plan.confirm === "name" ? name : null).finally(() => setBusy(false));
  };
  return (
    <>
      {plan.confirm === "name" && (
        <TextField value={name} onChange={setName} className="field" autoComplete="off">
          <Label>{strings.repair.typeName(gateway.name)}</Label>
          <Input className="input" />
        </TextField>
      )}
      {once && (
        <p className="inline-warning" role="alert">
          {strings.repair.sure}
        </p>
      )}
      <div className="dialog-actions">
        <Button onPress={onClose}>{strings.cancel}</Button>
        <Button look={plan.confirm === 1 ? "primary" : "danger"} isDisabled={!named || busy} onPress={press}>
          {plan.confirm === 2 && once ? strings.repair.again : strings.repair.run}
        </Button>
      </div>
    </>
  );
}
