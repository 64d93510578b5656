import { useState } from "react";
import type { GatewaySnapshot } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { formatAt, useNow } from "../../ui/time.ts";
import { useToast } from "../../ui/toasts.tsx";
import { HandOverDialog } from "./hand-over.tsx";

/** The one API session: who holds it, and giving it up. */
export function SessionPanel({ server, gateway }: { server: string; gateway: GatewaySnapshot }) {
  const call = useCall();
  const toast = useToast();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const { session } = gateway;
  const ref = { server, gateway: gateway.id };
  const run = (work: Promise<null>, done: string) =>
    work.then(
      () => toast(done),
      (error) => toast(messageOf(error), "error"),
    );
  return (
    <fieldset className="stack">
      <legend>{strings.session.title}</legend>
      <p className="quiet">
        {strings.session.states[session.state]} · {strings.verdict.session(session.clientId, session.connectsToday)}
        {session.nextTryAt !== null && ` · ${strings.session.nextTry(formatAt(session.nextTryAt, now))}`}
      </p>
      {session.state === "released" && <p>{strings.verdict.released(session.releasedUntil === null ? null : formatAt(session.releasedUntil, now))}</p>}
      <div className="actions">
        {session.state === "released" ? (
          <Button small onPress={() => run(call("session.resume", ref), strings.session.resumed)}>
            {strings.verdict.resume}
          </Button>
        ) : (
          <Button small onPress={() => setOpen(true)}>
            {strings.verdict.handOver}
          </Button>
        )}
        <Button small look="quiet" onPress={() => run(call("secret.forget", ref), strings.session.forgotten)}>
          {strings.session.forget}
        </Button>
      </div>
      {open && <HandOverDialog server={{ id: server }} gateway={gateway} onClose={() => setOpen(false)} />}
    </fieldset>
  );
}
