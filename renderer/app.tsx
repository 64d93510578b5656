import { useEffect, useState } from "react";
import type { Link } from "./api/link.ts";
import { LinkProvider, useLinkState, useSnapshot } from "./api/link-context.tsx";
import { SelectionProvider } from "./selection.tsx";
import { Shell } from "./shell.tsx";
import { strings } from "./strings.ts";
import { Button } from "./ui/button.tsx";
import { MaskProvider } from "./ui/masking.tsx";
import { ToastProvider } from "./ui/toasts.tsx";
import { RepairProvider } from "./views/repair/repair-context.tsx";

export function App({ link }: { link: Link }) {
  return (
    <LinkProvider link={link}>
      <ToastProvider>
        <Connected link={link} />
      </ToastProvider>
    </LinkProvider>
  );
}

function Connected({ link }: { link: Link }) {
  const snapshot = useSnapshot();
  const state = useLinkState();
  if (snapshot === null) return <Waiting fatal={state.kind === "lost" ? (state.fatal ? strings.link.fatal : state.reason) : null} retry={() => link.retry()} />;
  return (
    <MaskProvider byDefault={snapshot.privacy.maskAmounts} locked={snapshot.privacy.locked === true}>
      <SelectionProvider snapshot={snapshot}>
        <RepairProvider snapshot={snapshot}>
          <Shell snapshot={snapshot} />
        </RepairProvider>
      </SelectionProvider>
    </MaskProvider>
  );
}

/** Nothing for the first 300 ms: a skeleton that only flashes is worse than none. */
function Waiting({ fatal, retry }: { fatal: string | null; retry: () => void }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  if (fatal !== null) {
    return (
      <main className="waiting">
        <h1>{strings.link.lost}</h1>
        <p>{fatal}</p>
        <Button onPress={retry}>{strings.retry}</Button>
      </main>
    );
  }
  if (!late) return null;
  return (
    <main className="waiting" aria-busy="true">
      <p role="status">{strings.link.connecting}</p>
      <div className="skeleton skeleton-line" />
      <div className="skeleton skeleton-block" />
    </main>
  );
}
