import { useEffect, useState } from "react";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { copyText, saveFile } from "../../ui/clipboard.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Switch } from "../../ui/fields.tsx";
import { useToast } from "../../ui/toasts.tsx";

/** The whole report is shown before it leaves the window. */
export function ReportDialog({ onClose }: { onClose: () => void }) {
  const call = useCall();
  const toast = useToast();
  const [names, setNames] = useState(false);
  const [text, setText] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    call("report.create", { showNames: names }, { signal: stop.signal }).then(
      (report) => setText(report.text),
      (error) => {
        if (!stop.signal.aborted) setFault(messageOf(error));
      },
    );
    return () => stop.abort();
  }, [call, names]);
  const copy = () =>
    copyText(text ?? "").then(
      () => toast(strings.copied),
      (error) => toast(messageOf(error), "error"),
    );
  return (
    <Dialog title={strings.diagnosis.report} onClose={onClose} wide>
      <div className="stack">
        <p className="quiet">{strings.diagnosis.reportDetail}</p>
        <Switch isSelected={names} onChange={setNames}>
          {strings.diagnosis.showNames}
        </Switch>
        {fault !== null && <p className="inline-error">{fault}</p>}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className="output output-tall" tabIndex={0} aria-label={strings.diagnosis.reportText}>
          <pre>{text ?? strings.loading}</pre>
        </section>
        <div className="dialog-actions">
          <Button onPress={onClose}>{strings.close}</Button>
          <Button onPress={() => saveFile("gatelight-report.txt", text ?? "")} isDisabled={text === null}>
            {strings.save}
          </Button>
          <Button look="primary" onPress={copy} isDisabled={text === null}>
            {strings.copy}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
