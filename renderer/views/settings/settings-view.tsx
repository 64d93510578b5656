import { useCallback, useEffect, useState } from "react";
import type { Settings } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { useSelection } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { AddServer } from "./add-server.tsx";
import { SettingsForm } from "./settings-form.tsx";

/** The address `#/settings/new` is the form for a new server. */
export function SettingsView() {
  const { route } = useSelection();
  const call = useCall();
  const [loaded, setLoaded] = useState<{ settings: Settings; file: string } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const load = useCallback(() => {
    setFault(null);
    call("settings.get", null).then(setLoaded, (error) => setFault(messageOf(error)));
  }, [call]);
  useEffect(load, [load]);
  if (fault !== null) {
    return (
      <div className="view">
        <p className="inline-error" role="alert">
          {fault}
        </p>
        <Button onPress={load}>{strings.retry}</Button>
      </div>
    );
  }
  if (loaded === null) return <p className="quiet pad">{strings.loading}</p>;
  if (route.server === "new") return <AddServer settings={loaded.settings} onAdded={load} />;
  return <SettingsForm key={JSON.stringify(loaded.settings)} saved={loaded.settings} file={loaded.file} reload={load} />;
}
