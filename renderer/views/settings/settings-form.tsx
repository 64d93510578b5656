import { useState } from "react";
import type { Settings } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { type Faults, readFaults } from "./faults.ts";
import { GeneralForm } from "./general-form.tsx";
import { ImportExport } from "./import-export.tsx";
import { ServerForm } from "./server-form.tsx";
import { withoutEmpty } from "./templates.ts";

interface Props {
  saved: Settings;
  file: string;
  reload: () => void;
}

/** A draft of the whole file: nothing is written before "Save", and nothing at all while a setting is at fault. */
export function SettingsForm({ saved, file, reload }: Props) {
  const call = useCall();
  const toast = useToast();
  const [draft, setDraft] = useState(saved);
  const [faults, setFaults] = useState<Faults>(readFaults([]));
  const [busy, setBusy] = useState(false);
  const dirty = draft !== saved;
  const save = async (settings: Settings) => {
    setBusy(true);
    try {
      const answer = await call("settings.save", { ...settings, servers: settings.servers.map(withoutEmpty) });
      setFaults(readFaults(answer.faults));
      if (answer.faults.length === 0) {
        toast(strings.settings.saved);
        reload();
      }
    } catch (error) {
      toast(messageOf(error), "error");
    } finally {
      setBusy(false);
    }
  };
  const discard = () => {
    setDraft(saved);
    setFaults(readFaults([]));
  };
  return (
    <div className="view settings">
      <header className="view-head">
        <h1>{strings.views.settings}</h1>
        <ImportExport settings={saved} onImport={setDraft} />
      </header>
      {faults.all.length > 0 && <FaultSummary faults={faults} />}
      {draft.servers.map((server, index) => (
        <ServerForm
          // biome-ignore lint/suspicious/noArrayIndexKey: the id is being edited in this very form
          key={index}
          server={server}
          path={`servers[${index}]`}
          faults={faults}
          onChange={(next) => setDraft({ ...draft, servers: draft.servers.map((one, at) => (at === index ? next : one)) })}
          onRemove={() => setDraft({ ...draft, servers: draft.servers.filter((_, at) => at !== index) })}
        />
      ))}
      <a className="button button-plain link-button" href="#/settings/new">
        {strings.rail.addServer}
      </a>
      <GeneralForm draft={draft} faults={faults} onChange={setDraft} />
      <p className="quiet">{strings.settings.file(file)}</p>
      {dirty && (
        <div className="save-bar">
          <span>{strings.settings.unsaved}</span>
          <Button onPress={discard} isDisabled={busy}>
            {strings.settings.discard}
          </Button>
          <Button look="primary" onPress={() => save(draft)} isDisabled={busy}>
            {strings.save}
          </Button>
        </div>
      )}
    </div>
  );
}

export function FaultSummary({ faults }: { faults: Faults }) {
  return (
    <section className="inline-error" role="alert">
      <strong>{strings.settings.faults(faults.all.length)}</strong>
      <ul>
        {faults.all.map((fault) => (
          <li key={fault.path + fault.message}>
            {fault.path !== "" && <code>{fault.path}</code>} {fault.message}
          </li>
        ))}
      </ul>
    </section>
  );
}
