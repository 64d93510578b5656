import { useState } from "react";
import type { Settings } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall, useSnapshot } from "../../api/link-context.tsx";
import { BrowserPermission } from "../../notify/permission.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { NumberField, Switch } from "../../ui/fields.tsx";
import { useToast } from "../../ui/toasts.tsx";
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
        {app?.host === "browser" && <BrowserPermission />}
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
        <StartAtLogin draft={draft} fault={faults.at("startAtLogin")} onChange={onChange} />
        {app?.host === "browser" && <QuitButton />}
        {app?.host === "electron" && (
          <>
            <Switch isSelected={draft.closeQuits === true} onChange={(closeQuits) => onChange({ ...draft, closeQuits })}>
              {strings.general.closeQuits}
            </Switch>
            <p className="quiet">{strings.general.closeHelp}</p>
          </>
        )}
      </fieldset>
      {app !== undefined && (
        <fieldset className="stack">
          <legend>{strings.general.secrets}</legend>
          {app.secrets.persistent && <p>{strings.general.kept(app.secrets.name)}</p>}
          <p className={app.secrets.persistent ? "quiet" : undefined}>{app.secrets.detail}</p>
        </fieldset>
      )}
      {app !== undefined && <p className="quiet">{strings.general.version(app.version, app.host, app.platform)}</p>}
      {app !== undefined && <p className="quiet">{strings.general.updates[app.updates ?? "elsewhere"]}</p>}
    </section>
  );
}

function StartAtLogin({ draft, fault, onChange }: { draft: Settings; fault: string | undefined; onChange: Props["onChange"] }) {
  const app = useSnapshot()?.app;
  const hindered = app?.noStartAtLogin;
  const help = hindered ?? (app?.host === "browser" ? strings.general.startInBrowser : undefined);
  return (
    <>
      <Switch
        isSelected={draft.startAtLogin && hindered === undefined}
        isDisabled={hindered !== undefined}
        aria-describedby="start-at-login-help"
        onChange={(startAtLogin) => onChange({ ...draft, startAtLogin })}
      >
        {strings.general.startAtLogin}
      </Switch>
      <div id="start-at-login-help">
        {fault !== undefined && <p className="field-error">{fault}</p>}
        {help !== undefined && <p className="quiet">{help}</p>}
      </div>
    </>
  );
}

/** The desktop's quit stands in its tray. */
function QuitButton() {
  const call = useCall();
  const toast = useToast();
  const [sure, setSure] = useState(false);
  const press = () => (sure ? void call("app.quit", null).catch((error) => toast(messageOf(error), "error")) : setSure(true));
  return (
    <Button small look={sure ? "danger" : "plain"} onPress={press}>
      {sure ? strings.general.reallyQuit : strings.general.quit}
    </Button>
  );
}
