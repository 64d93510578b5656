import { useState } from "react";
import { Checkbox, Label, Radio, RadioGroup } from "react-aria-components";
import type { GatewaySnapshot } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";

/** Minutes; `null`: until asked back. */
const SPANS: Readonly<Record<string, number | null>> = { "30": 30, "120": 120, open: null };

/** Leaves the account to TWS for a while. */
export function HandOverDialog({ server, gateway, onClose }: { server: { readonly id: string }; gateway: GatewaySnapshot; onClose: () => void }) {
  const call = useCall();
  const toast = useToast();
  const [span, setSpan] = useState("30");
  const [stop, setStop] = useState(false);
  const [busy, setBusy] = useState(false);
  const free = async () => {
    setBusy(true);
    try {
      await call("session.release", { server: server.id, gateway: gateway.id, minutes: SPANS[span] ?? null, stopGateway: stop });
      toast(strings.handOver.done);
      onClose();
    } catch (error) {
      toast(messageOf(error), "error");
      setBusy(false);
    }
  };
  return (
    <Dialog title={strings.handOver.title(gateway.name)} onClose={onClose}>
      <div className="stack">
        <p>{strings.handOver.what}</p>
        <RadioGroup className="radios" value={span} onChange={setSpan}>
          <Label>{strings.handOver.howLong}</Label>
          {strings.handOver.spans.map(([id, text]) => (
            <Radio key={id} value={id} className="radio">
              <span className="radio-dot" aria-hidden="true" />
              {text}
            </Radio>
          ))}
        </RadioGroup>
        <Checkbox className="check" isSelected={stop} onChange={setStop}>
          <span className="check-box" aria-hidden="true" />
          {strings.handOver.stop}
        </Checkbox>
        {stop && <p className="inline-warning">{strings.handOver.stopPrice}</p>}
        <div className="dialog-actions">
          <Button onPress={onClose}>{strings.cancel}</Button>
          <Button look="primary" onPress={free} isDisabled={busy}>
            {strings.handOver.free}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
