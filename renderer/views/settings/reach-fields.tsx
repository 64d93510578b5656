import { useEffect, useState } from "react";
import type { ResolvedAlias } from "../../../shared/contract.ts";
import type { ServerSettings, SshReach } from "../../../shared/settings.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Choose, Field, NumberField, Switch } from "../../ui/fields.tsx";
import { Fold } from "../../ui/fold.tsx";
import type { Faults } from "./faults.ts";

interface Props {
  reach: ServerSettings["reach"];
  path: string;
  faults: Faults;
  onChange: (reach: ServerSettings["reach"]) => void;
  /** A new server: the cursor begins at the user, which is all that is missing. */
  fresh?: boolean;
}

const KINDS = [
  { id: "ssh", text: strings.server.ssh },
  { id: "local", text: strings.server.local },
] as const;
const BARE: SshReach = { kind: "ssh", host: "", useAgent: true, useSshConfig: true };

export function ReachFields({ reach, path, faults, onChange, fresh = false }: Props) {
  return (
    <>
      <Choose
        label={strings.server.reach}
        value={reach.kind}
        choices={KINDS}
        onChange={(kind) => onChange(kind === "local" ? { kind } : reach.kind === "ssh" ? reach : BARE)}
      />
      {reach.kind === "ssh" && <SshFields reach={reach} path={path} faults={faults} onChange={onChange} fresh={fresh} />}
    </>
  );
}

function SshFields({ reach, path, faults, onChange, fresh }: Props & { reach: SshReach }) {
  const set = (part: Partial<SshReach>) => onChange({ ...reach, ...part });
  return (
    <>
      <div className="field-row">
        <Field
          label={strings.server.host}
          value={reach.host}
          onChange={(host) => set({ host })}
          help={strings.server.hostHelp}
          fault={faults.at(`${path}.host`)}
          isRequired
        />
        <Field
          label={strings.server.user}
          value={reach.user ?? ""}
          onChange={(user) => set({ user })}
          fault={faults.at(`${path}.user`)}
          autoFocus={fresh === true}
        />
        <NumberField label={strings.server.port} value={reach.port} onChange={(port) => set({ port })} placeholder="22" fault={faults.at(`${path}.port`)} />
      </div>
      <Resolved reach={reach} />
      <Fold label={strings.server.keys} open={!fresh && (reach.identityFiles?.length ?? 0) > 0}>
        <Field
          label={strings.server.identityFiles}
          value={(reach.identityFiles ?? []).join(", ")}
          onChange={(text) => set({ identityFiles: text.split(",").map((file) => file.trim()) })}
          placeholder={strings.server.identityDefault}
          help={strings.server.identityHelp}
          fault={faults.all.find((fault) => fault.path.startsWith(`${path}.identityFiles`))?.message}
        />
        <Switch isSelected={reach.useAgent} onChange={(useAgent) => set({ useAgent })}>
          {strings.server.useAgent}
        </Switch>
        <Switch isSelected={reach.useSshConfig} onChange={(useSshConfig) => set({ useSshConfig })}>
          {strings.server.useSshConfig}
        </Switch>
      </Fold>
    </>
  );
}

/** The person stops typing for so long before an alias is looked up. */
const QUIET_MS = 400;

/** What ssh_config makes of the name; what stands in the form goes before it. */
function Resolved({ reach }: { reach: SshReach }) {
  const { host, useSshConfig } = reach;
  const call = useCall();
  const [found, setFound] = useState<ResolvedAlias | null>(null);
  useEffect(() => {
    setFound(null);
    if (host.trim() === "" || !useSshConfig) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      // Only a help to the eye; "Test" says what is wrong.
      call("server.resolve", { host: host.trim() }, { signal: stop.signal }).then(setFound, () => setFound(null));
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [call, host, useSshConfig]);
  if (found === null) return null;
  return (
    <p className="quiet" role="status">
      {strings.server.resolved(reach.user?.trim() || found.user, found.host, reach.port ?? found.port)}
      {found.jumps.length > 0 && ` ${strings.server.through(found.jumps.join(" → "))}`}
      {found.identityFiles.length > 0 && ` ${strings.server.withKeys(found.identityFiles.join(", "))}`}
      {found.notes.length > 0 && ` ${found.notes.join(" ")}`}
    </p>
  );
}
