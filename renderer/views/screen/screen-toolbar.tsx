import type RFB from "@novnc/novnc";
import { type RefObject, useRef, useState, useSyncExternalStore } from "react";
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover, Toolbar } from "react-aria-components";
import type { GatewaySnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { saveFile } from "../../ui/clipboard.ts";
import { Switch } from "../../ui/fields.tsx";
import { Icon } from "../../ui/icons.tsx";
import { formatSpan, useNow } from "../../ui/time.ts";
import { useToast } from "../../ui/toasts.tsx";
import type { BoundedViewer } from "./bounded-viewer.ts";
import { ClipboardDialog } from "./clipboard-dialog.tsx";
import type { ScreenSession } from "./screen-session.ts";
import { type Chord, PICTURES, type Picture, sendChord, type ViewerSettings } from "./viewer-settings.ts";

interface Props {
  session: ScreenSession;
  viewer: BoundedViewer | null;
  frame: RefObject<HTMLElement | null>;
  gateway: GatewaySnapshot;
  clipboard: string | null;
  settings: ViewerSettings;
  setSettings: (settings: ViewerSettings) => void;
  guide: boolean;
  setGuide: (guide: boolean) => void;
}

export function ScreenToolbar({ session, viewer, frame, gateway, clipboard, settings, setSettings, guide, setGuide }: Props) {
  const shown = useSyncExternalStore(session.state.subscribe, session.state.get).kind === "shown";
  const [clips, setClips] = useState(false);
  const toast = useToast();
  const photo = () =>
    viewer?.toBlob((blob) => {
      if (blob === null) toast(strings.screen.noPicture, "error");
      else saveFile(`${gateway.id}-${new Date().toISOString().replace(/[:.]/g, "-")}.png`, blob);
    }, "image/png");
  return (
    <Toolbar className="screen-toolbar" aria-label={strings.screen.toolbar}>
      <Switch isSelected={settings.viewOnly} onChange={(viewOnly) => setSettings({ ...settings, viewOnly })}>
        {strings.screen.viewOnly}
      </Switch>
      <Button small aria-pressed={settings.scale === "fit"} onPress={() => setSettings({ ...settings, scale: settings.scale === "fit" ? "actual" : "fit" })}>
        {settings.scale === "fit" ? strings.screen.actual : strings.screen.fit}
      </Button>
      <IconButton
        label={strings.screen.full}
        isDisabled={!shown}
        onPress={() =>
          void frame.current?.requestFullscreen().then(
            () => viewer?.focus(),
            () => toast(strings.screen.noFull, "error"),
          )
        }
      >
        <Icon name="full" />
      </IconButton>
      <IconButton label={strings.screen.clipboard} isDisabled={!shown} onPress={() => setClips(true)}>
        <Icon name="clipboard" />
      </IconButton>
      <IconButton label={strings.screen.screenshot} isDisabled={!shown} onPress={photo}>
        <Icon name="camera" />
      </IconButton>
      <KeysMenu viewer={viewer} disabled={!shown || settings.viewOnly} />
      <PictureMenu settings={settings} setSettings={setSettings} />
      {/* Together, where there is no room beside the tools. */}
      <div className="screen-toolbar-end">
        {shown && <UpdateAge session={session} />}
        <Button small look="quiet" onPress={() => session.open()}>
          {shown ? strings.screen.reconnect : strings.screen.open}
        </Button>
        <Button small look="quiet" aria-expanded={guide} onPress={() => setGuide(!guide)}>
          {strings.guide.toggle}
        </Button>
      </div>
      {clips && viewer !== null && (
        <ClipboardDialog remote={clipboard} viewOnly={settings.viewOnly} send={(text) => viewer.paste(text)} onClose={() => setClips(false)} />
      )}
    </Toolbar>
  );
}

function KeysMenu({ viewer, disabled }: { viewer: RFB | null; disabled: boolean }) {
  const sent = useRef(false);
  const send = (key: string | number) => {
    if (viewer === null) return;
    sent.current = true;
    if (key === "ctrl-alt-del") viewer.sendCtrlAltDel();
    else if (key === "alt-f4" || key === "escape" || key === "tab") sendChord(viewer, key satisfies Chord);
  };
  // The menu gives the focus back to its button; after keys were sent the next ones belong to the screen too.
  const refocus = () => {
    if (sent.current) viewer?.focus();
    sent.current = false;
  };
  return (
    <MenuTrigger
      onOpenChange={(open) => {
        if (open) sent.current = false;
      }}
    >
      <AriaButton className="button button-plain button-small" isDisabled={disabled} onFocus={refocus}>
        {strings.screen.keys}
        <Icon name="chevron" size={10} />
      </AriaButton>
      <Popover className="popover popover-list">
        <Menu className="menu" onAction={send} aria-label={strings.screen.keys}>
          {strings.screen.keyList.map(([id, text]) => (
            <MenuItem key={id} id={id} className="option">
              {text}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function PictureMenu({ settings, setSettings }: { settings: ViewerSettings; setSettings: (settings: ViewerSettings) => void }) {
  const names = Object.keys(PICTURES).filter((name): name is Picture => name in PICTURES);
  return (
    <MenuTrigger>
      <AriaButton className="button button-plain button-small">
        {strings.screen.pictures[settings.picture]}
        <Icon name="chevron" size={10} />
      </AriaButton>
      <Popover className="popover popover-list">
        <Menu
          className="menu"
          aria-label={strings.screen.pictureMenu}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[settings.picture]}
          onAction={(key) => {
            const picture = names.find((name) => name === key);
            if (picture !== undefined) setSettings({ ...settings, picture });
          }}
        >
          {names.map((name) => (
            <MenuItem key={name} id={name} className="option">
              {strings.screen.pictures[name]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function UpdateAge({ session }: { session: ScreenSession }) {
  useNow();
  const at = session.lastChangeAt;
  return at === null ? null : <span className="quiet update-age">{strings.screen.updated(formatSpan(performance.now() - at))}</span>;
}
