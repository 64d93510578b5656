import { useState } from "react";
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import type { GatewaySnapshot, RepairOffer, ServerSnapshot } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { useSelection } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { copyText } from "../../ui/clipboard.ts";
import { Icon } from "../../ui/icons.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { useRepair } from "../repair/repair-context.tsx";
import { HandOverDialog } from "../settings/hand-over.tsx";

/** So many ways out stand as buttons; the rest is in the menu. */
const SHOWN = 2;

interface Props {
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
}

export function VerdictActions({ server, gateway }: Props) {
  const { show } = useSelection();
  const { start } = useRepair();
  // Waiting is no button: the sentence above says it.
  const ways = gateway.repairs.filter((offer) => offer.id !== "wait");
  const busy = gateway.run?.outcome === "running";
  const released = gateway.session.state === "released";
  const open = (offer: RepairOffer) => (offer.id === "open-api-settings" ? show("screen") : start(server.id, gateway.id, offer.id));
  return (
    <div className="actions">
      {released && <TakeBack server={server.id} gateway={gateway.id} />}
      {ways.slice(0, SHOWN).map((offer, index) => (
        <Way key={offer.id} offer={offer} primary={index === 0 && !released} disabled={busy} onPress={() => open(offer)} />
      ))}
      <Button onPress={() => show("diagnosis")}>{strings.verdict.evidence}</Button>
      <MoreMenu server={server} gateway={gateway} rest={ways.slice(SHOWN)} open={open} />
    </div>
  );
}

function Way({ offer, primary, disabled, onPress }: { offer: RepairOffer; primary: boolean; disabled: boolean; onPress: () => void }) {
  const refused = offer.refused !== null;
  return (
    <Button
      look={primary && !refused ? "primary" : "plain"}
      isDisabled={disabled}
      onPress={onPress}
      aria-description={refused ? strings.verdict.refused(offer.refused ?? "") : undefined}
    >
      <span>{offer.title}</span>
      {offer.id !== "open-api-settings" && (
        <span className="button-price">{refused ? strings.verdict.refused(offer.refused ?? "") : strings.price(offer.price)}</span>
      )}
    </Button>
  );
}

function TakeBack(ref: { readonly server: string; readonly gateway: string }) {
  const call = useCall();
  const toast = useToast();
  return (
    <Button look="primary" onPress={() => call("session.resume", ref).catch((error: unknown) => toast(messageOf(error), "error"))}>
      {strings.verdict.resume}
    </Button>
  );
}

function MoreMenu({ server, gateway, rest, open }: Props & { rest: readonly RepairOffer[]; open: (offer: RepairOffer) => void }) {
  const call = useCall();
  const toast = useToast();
  const [handOver, setHandOver] = useState(false);
  const released = gateway.session.state === "released";
  const ref = { server: server.id, gateway: gateway.id };
  const run = (work: Promise<unknown>, done?: string) => {
    work.then(
      () => done !== undefined && toast(done),
      (error) => toast(messageOf(error), "error"),
    );
  };
  const onAction = (key: string | number) => {
    const offer = rest.find((one) => one.id === key);
    if (offer !== undefined) open(offer);
    else if (key === "look") run(call("look.now", ref));
    else if (key === "reconnect") run(call("link.reconnect", { server: server.id }));
    else if (key === "report")
      run(
        call("report.create", { showNames: false }).then(({ text }) => copyText(text)),
        strings.verdict.reportCopied,
      );
    else if (key === "hand-over") setHandOver(true);
  };
  return (
    <>
      <MenuTrigger>
        <AriaButton className="button button-plain button-more" aria-label={strings.more}>
          <Icon name="more" />
        </AriaButton>
        <Popover className="popover popover-list" placement="bottom end">
          <Menu className="menu" onAction={onAction} aria-label={strings.more}>
            {rest.map((offer) => (
              <MenuItem key={offer.id} id={offer.id} className="option" textValue={offer.title}>
                <span>{offer.title}</span>
                <span className="option-note">{offer.refused === null ? strings.price(offer.price) : strings.verdict.refused(offer.refused)}</span>
              </MenuItem>
            ))}
            {rest.length > 0 && <Separator className="separator" />}
            <MenuItem id="look" className="option">
              {strings.verdict.lookNow}
            </MenuItem>
            <MenuItem id="reconnect" className="option">
              {strings.verdict.reconnect}
            </MenuItem>
            <MenuItem id="report" className="option">
              {strings.verdict.copyReport}
            </MenuItem>
            {!released && (
              <MenuItem id="hand-over" className="option">
                {strings.verdict.handOver}
              </MenuItem>
            )}
          </Menu>
        </Popover>
      </MenuTrigger>
      {handOver && <HandOverDialog server={server} gateway={gateway} onClose={() => setHandOver(false)} />}
    </>
  );
}
