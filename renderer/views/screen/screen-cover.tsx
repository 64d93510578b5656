import { useEffect, useState, useSyncExternalStore } from "react";
import type { GatewaySnapshot, ScreenFailure, ScreenStep, ServerSnapshot } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { formatCountdown, useNow } from "../../ui/time.ts";
import { useRepair } from "../repair/repair-context.tsx";
import type { ScreenSession } from "./screen-session.ts";

const STEPS: readonly ScreenStep[] = ["server", "address", "dial", "login", "picture"];
/** What may help, where it is on offer. */
const WAYS_OUT: Partial<Record<ScreenFailure, RepairId>> = {
  refused: "restart-screen",
  silent: "restart-screen",
  closed: "restart-screen",
  "no-password-set": "recreate-container",
};
/** After the person did something, a picture that does not move for so long is worth a word. */
const STUCK_MS = 6000;

/** Over the picture: the steps while it opens, what went wrong, or nothing. */
export function ScreenCover({ session, server, gateway }: { session: ScreenSession; server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const state = useSyncExternalStore(session.state.subscribe, session.state.get);
  switch (state.kind) {
    case "idle":
      return null;
    case "opening":
      return <Opening step={state.step} detail={state.detail} again={state.again} cancel={() => session.cancel()} />;
    case "waiting":
      return <Waiting until={state.until} reason={state.reason} session={session} />;
    case "failed":
      return <Failed failure={state.failure} message={state.message} session={session} server={server} gateway={gateway} />;
    case "shown":
      if (state.black) return <Note text={strings.screen.black} session={session} />;
      return (
        <>
          {state.viewers > 1 && <p className="cover-viewers">{strings.screen.viewers(state.viewers)}</p>}
          <Stuck session={session} />
        </>
      );
  }
}

function Opening({ step, detail, again, cancel }: { step: ScreenStep; detail: string; again: boolean; cancel: () => void }) {
  const at = STEPS.indexOf(step);
  return (
    <div className="cover">
      <div className="cover-card" role="status">
        <h2>{again ? strings.screen.opensAgain : strings.screen.opening}</h2>
        <ol className="run-steps">
          {STEPS.map((name, index) => (
            <li key={name} data-step={index < at ? "done" : index === at ? "running" : "waiting"} aria-current={index === at ? "step" : undefined}>
              <Icon name={index < at ? "check" : index === at ? "chevron" : "dot"} size={14} />
              <span>{strings.steps[name]}</span>
              {index === at && <span className="quiet">{detail}</span>}
            </li>
          ))}
        </ol>
        <Button onPress={cancel}>{strings.cancel}</Button>
      </div>
    </div>
  );
}

function Waiting({ until, reason, session }: { until: number; reason: string; session: ScreenSession }) {
  const now = useNow();
  return (
    <div className="cover cover-clear">
      <div className="cover-card" role="status">
        <h2>{strings.screen.lost}</h2>
        {reason !== "" && <p className="cover-message">{reason}</p>}
        <p className="quiet">
          {strings.screen.lastPicture} {strings.screen.retryIn(formatCountdown(until - now))}
        </p>
        <div className="actions">
          <Button look="primary" onPress={() => session.open(true)}>
            {strings.retry}
          </Button>
          <Button onPress={() => session.cancel()}>{strings.screen.stop}</Button>
        </div>
      </div>
    </div>
  );
}

interface FailedProps {
  failure: ScreenFailure;
  message: string;
  session: ScreenSession;
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
}

function Failed({ failure, message, session, server, gateway }: FailedProps) {
  const { start } = useRepair();
  const { title, wayOut } = strings.failures[failure];
  const way = gateway.repairs.find((offer) => offer.id === WAYS_OUT[failure]);
  return (
    <div className="cover">
      <div className="cover-card" role={failure === "cancelled" ? "status" : "alert"}>
        <h2>{title}</h2>
        {message !== "" && <p className="cover-message">{message}</p>}
        <p className="quiet">{wayOut}</p>
        <div className="actions">
          <Button look="primary" onPress={() => session.open()}>
            {failure === "cancelled" ? strings.screen.open : strings.retry}
          </Button>
          {way !== undefined && <Button onPress={() => start(server.id, gateway.id, way.id)}>{way.title}</Button>}
        </div>
      </div>
    </div>
  );
}

/** x11vnc can throttle itself to a crawl: something done without any change on the screen is a reason to offer a new connection. */
function Stuck({ session }: { session: ScreenSession }) {
  const [touched, setTouched] = useState<number | null>(null);
  useNow();
  useEffect(() => {
    const touch = (event: Event) => {
      if (event.target instanceof HTMLCanvasElement && event.target.closest(".screen-target") !== null) setTouched(performance.now());
    };
    window.addEventListener("pointerdown", touch, true);
    window.addEventListener("keydown", touch, true);
    return () => {
      window.removeEventListener("pointerdown", touch, true);
      window.removeEventListener("keydown", touch, true);
    };
  }, []);
  const bytes = session.lastBytesAt;
  if (touched === null || (bytes !== null && bytes >= touched) || performance.now() - touched < STUCK_MS) return null;
  return <Note text={strings.screen.stuck} session={session} />;
}

function Note({ text, session }: { text: string; session: ScreenSession }) {
  return (
    <div className="cover-note" role="status">
      <span>{text}</span>
      <Button small onPress={() => session.open(true)}>
        {strings.screen.reconnect}
      </Button>
    </div>
  );
}
