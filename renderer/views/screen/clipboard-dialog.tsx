import { type FormEvent, useState } from "react";
import { Label, TextArea, TextField } from "react-aria-components";
import { messageOf } from "../../api/errors.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { copyText } from "../../ui/clipboard.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";

interface Props {
  /** What the remote screen copied last; `null`: too much. */
  remote: string | null;
  viewOnly: boolean;
  /** @returns whether all of its characters could be sent */
  send: (text: string) => boolean;
  onClose: () => void;
}

const SAID = { no: strings.screen.toScreenHelp, whole: strings.screen.sent, partly: strings.screen.sentPartly } as const;

/** Text both ways, and only when asked: neither clipboard is read behind the person's back. */
export function ClipboardDialog({ remote, viewOnly, send, onClose }: Props) {
  const toast = useToast();
  const [sent, setSent] = useState<"no" | "whole" | "partly">("no");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const whole = send(String(new FormData(event.currentTarget).get("text") ?? ""));
    event.currentTarget.reset();
    setSent(whole ? "whole" : "partly");
  };
  const copy = () =>
    copyText(remote ?? "").then(
      () => toast(strings.copied),
      (error) => toast(messageOf(error), "error"),
    );
  return (
    <Dialog title={strings.screen.clipboard} onClose={onClose}>
      <div className="stack">
        <form onSubmit={submit} className="stack">
          <TextField name="text" className="field" isDisabled={viewOnly} autoFocus>
            <Label>{strings.screen.toScreen}</Label>
            <TextArea className="input" rows={3} spellCheck={false} />
          </TextField>
          <p className="quiet" role="status">
            {viewOnly ? strings.screen.viewOnlyClip : SAID[sent]}
          </p>
          <div className="actions">
            <Button type="submit" isDisabled={viewOnly}>
              {strings.screen.send}
            </Button>
          </div>
        </form>
        <TextField className="field" value={remote ?? ""} isReadOnly>
          <Label>{strings.screen.fromScreen}</Label>
          <TextArea className="input" rows={3} placeholder={remote === null ? strings.screen.tooLong : strings.screen.nothingCopied} />
        </TextField>
        <div className="dialog-actions">
          <Button onPress={onClose}>{strings.close}</Button>
          <Button look="primary" onPress={copy} isDisabled={remote === null || remote === ""}>
            {strings.copy}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
