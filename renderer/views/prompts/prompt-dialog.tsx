import { type FormEvent, useRef, useState } from "react";
import { Checkbox, Input, Label, TextField } from "react-aria-components";
import type { Prompt } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall, useSnapshot } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { formatCountdown, useNow } from "../../ui/time.ts";

/** The oldest open question. The next one follows when it is answered. */
export function PromptDialog({ prompts }: { prompts: readonly Prompt[] }) {
  const [answered, setAnswered] = useState<ReadonlySet<string>>(new Set());
  const prompt = prompts.find((one) => !answered.has(one.id));
  if (prompt === undefined) return null;
  return <Question key={prompt.id} prompt={prompt} gone={() => setAnswered((before) => new Set([...before, prompt.id]))} />;
}

/** Answers live in the form's own inputs until they are sent, and are wiped right after: never in a state of ours. */
function Question({ prompt, gone }: { prompt: Prompt; gone: () => void }) {
  const call = useCall();
  const persistent = useSnapshot()?.app.secrets.persistent === true;
  const form = useRef<HTMLFormElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (work: () => Promise<null>) => {
    setBusy(true);
    try {
      await work();
      gone();
    } catch (error) {
      setFault(messageOf(error));
      setBusy(false);
    }
  };
  const answer = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const values = Object.fromEntries(prompt.fields.map((field) => [field.name, String(data.get(`field:${field.name}`) ?? "")]));
    const remember = data.get("remember") !== null;
    event.currentTarget.reset();
    void send(() => call("prompt.answer", { id: prompt.id, values, remember }));
  };
  const dismiss = () => void send(() => call("prompt.dismiss", { id: prompt.id }));
  const hostKey = prompt.kind === "host-key";
  return (
    <Dialog title={prompt.title} onClose={dismiss} alert={hostKey} sticky>
      <form className="stack" onSubmit={answer} ref={form} autoComplete="off">
        <p>{prompt.detail}</p>
        {prompt.hostKey !== null && <HostKey type={prompt.hostKey.type} fingerprint={prompt.hostKey.fingerprint} />}
        {prompt.fields.map((field, index) => (
          <TextField
            key={field.name}
            name={`field:${field.name}`}
            type={field.secret ? "password" : "text"}
            autoFocus={index === 0}
            className="field"
            autoComplete="off"
          >
            <Label>{field.label}</Label>
            <Input className="input" spellCheck={false} />
          </TextField>
        ))}
        {prompt.canRemember && (
          <Checkbox name="remember" className="check">
            <span className="check-box" aria-hidden="true" />
            {persistent ? strings.prompts.remember : strings.prompts.rememberForNow}
          </Checkbox>
        )}
        {fault !== null && (
          <p className="inline-error" role="alert">
            {fault}
          </p>
        )}
        <div className="dialog-actions">
          <Expiry at={prompt.expiresAt} />
          <Button onPress={dismiss} isDisabled={busy} autoFocus={hostKey}>
            {hostKey ? strings.prompts.refuse : strings.cancel}
          </Button>
          <Button look="primary" type="submit" isDisabled={busy}>
            {hostKey ? strings.prompts.trust : strings.prompts.answer}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function HostKey({ type, fingerprint }: { type: string; fingerprint: string }) {
  return (
    <div className="fingerprint">
      <span className="quiet">{type}</span>
      <code>{fingerprint}</code>
    </div>
  );
}

function Expiry({ at }: { at: number }) {
  const now = useNow();
  return <span className="quiet countdown dialog-left">{strings.prompts.expires(formatCountdown(at - now))}</span>;
}
