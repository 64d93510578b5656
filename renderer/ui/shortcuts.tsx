import { useEffect, useState, useSyncExternalStore } from "react";
import type { Snapshot } from "../../shared/snapshot.ts";
import { valueStore } from "../api/value-store.ts";
import { VIEWS } from "../route.ts";
import { useSelection } from "../selection.tsx";
import { strings } from "../strings.ts";
import { Dialog } from "./dialog.tsx";

const helpOpen = valueStore(false);

export function useShortcutHelp(): { open: () => void } {
  return { open: () => helpOpen.set(true) };
}

/** The second key after `g` must come within this. */
const CHORD_MS = 1500;

/** Keys that stand for text or belong to the remote screen are left alone. */
function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    ["INPUT", "TEXTAREA", "SELECT", "CANVAS"].includes(target.tagName) ||
    target.closest("[role=listbox],[role=menu],[role=dialog],[role=alertdialog]") !== null
  );
}

/** 1–5: views; g then the first letter of a gateway's name: that gateway; ?: this list. */
export function Shortcuts({ snapshot }: { snapshot: Snapshot }) {
  const selection = useSelection();
  const open = useSyncExternalStore(helpOpen.subscribe, helpOpen.get);
  const [chord, setChord] = useState(false);
  useEffect(() => {
    if (!chord) return undefined;
    const timer = setTimeout(() => setChord(false), CHORD_MS);
    return () => clearTimeout(timer);
  }, [chord]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const view = VIEWS[Number(event.key) - 1];
      if (chord) {
        setChord(false);
        const found = gatewayByLetter(snapshot, event.key);
        if (found !== null) selection.select(found.server, found.gateway);
      } else if (event.key === "g") setChord(true);
      else if (event.key === "?") helpOpen.set(true);
      else if (view !== undefined) selection.show(view);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [snapshot, selection, chord]);
  if (!open) return null;
  return (
    <Dialog title={strings.keys.title} onClose={() => helpOpen.set(false)}>
      <dl className="keys">
        {strings.keys.list.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

/** The first gateway in the order of the rail whose name begins with the letter, else whose mode does. */
export function gatewayByLetter(snapshot: Snapshot, letter: string): { server: string; gateway: string } | null {
  const all = snapshot.servers.flatMap((server) => server.gateways.map((gateway) => ({ server: server.id, gateway })));
  const begins = (text: string) => text.toLowerCase().startsWith(letter.toLowerCase());
  const found = all.find((entry) => begins(entry.gateway.name)) ?? all.find((entry) => begins(entry.gateway.mode));
  return found === undefined ? null : { server: found.server, gateway: found.gateway.id };
}
