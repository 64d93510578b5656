import type { Settings } from "../../../shared/settings.ts";
import { useSnapshot } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { NumberField, Switch } from "../../ui/fields.tsx";
import type { Faults } from "./faults.ts";

interface Props {
  draft: Settings;
  faults: Faults;
  onChange: (draft: Settings) => void;
}

export function GeneralForm({ draft, faults, onChange }: Props) {
  const app = useSnapshot()?.app;
  return (
    <section className="panel form" aria-label={strings.general.title}>
      <h2>{strings.general.title}</h2>
      <fieldset className="stack">
        <legend>{strings.general.notify}</legend>
        <Switch isSelected={!draft.notify.mute} onChange={(on) => onChange({ ...draft, notify: { ...draft.notify, mute: !on } })}>
          {strings.general.notifyOn}
        </Switch>
        <NumberField
          label={strings.general.afterSeconds}
          value={draft.notify.afterSeconds}
          onChange={(seconds) => onChange({ ...draft, notify: { ...draft.notify, afterSeconds: seconds ?? 0 } })}
          help={strings.general.afterHelp}
          fault={faults.at("notify.afterSeconds")}
        />
      </fieldset>
      <fieldset className="stack">
        <legend>{strings.general.privacy}</legend>
        <Switch isSelected={draft.privacy.maskAmounts} onChange={(maskAmounts) => onChange({ ...draft, privacy: { maskAmounts } })}>
          {strings.general.mask}
        </Switch>
        <p className="quiet">{strings.general.maskHelp}</p>
      </fieldset>
      <fieldset className="stack">
        <legend>{strings.general.start}</legend>
        <Switch isSelected={draft.startAtLogin} onChange={(startAtLogin) => onChange({ ...draft, startAtLogin })}>
          {strings.general.startAtLogin}
        </Switch>
      </fieldset>
      {app !== undefined && (
        <fieldset className="stack">
          <legend>{strings.general.secrets}</legend>
          <p>{app.secrets.persistent ? strings.general.kept(app.secrets.name) : strings.general.notKept}</p>
          <p className="quiet">{app.secrets.detail}</p>
        </fieldset>
      )}
      {app !== undefined && <p className="quiet">{strings.general.version(app.version, app.host, app.platform)}</p>}
      {app !== undefined && <p className="quiet">{strings.general.updates[app.updates ?? "elsewhere"]}</p>}
    </section>
  );
}
