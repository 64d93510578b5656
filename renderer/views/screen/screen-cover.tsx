import { useEffect, useState, useSyncExternalStore } from "react";
import type { GatewaySnapshot, ScreenFailure, ScreenStep, ServerSnapshot } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { formatCountdown, formatSpan, useNow } from "../../ui/time.ts";
import { useRepair } from "../repair/repair-context.tsx";
import type { ScreenSession, ScreenState } from "./screen-session.ts";

const STEPS: readonly ScreenStep[] = ["server", "address", "dial", "login", "picture"];
/** What may help, where it is on offer. */
const WAYS_OUT: Partial<Record<ScreenFailure, RepairId>> = {
  refused: "restart-screen",
  silent: "restart-screen",
  closed: "restart-screen",
  "no-password-set": "recreate-container",
};
/** A picture that has not changed for so long may be one whose server is gone. */
const QUIET_MS = 5000;
/** A server that polls slowly answers within 1.5 s; one that owes an answer for so long is worth a word. */
const SILENT_MS = 4000;
const HINT_MS = 6000;

interface CoverProps {
  session: ScreenSession;
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
  /** Lets mouse and keys through; `null`: they go through. */
  unlock: (() => void) | null;
  /** The guide is beside the picture, and says how to get the keys back. */
  guided: boolean;
}

/** Over the picture: the steps while it opens, what went wrong, or nothing. */
export function ScreenCover({ session, server, gateway, unlock, guided }: CoverProps) {
  const state = useSyncExternalStore(session.state.subscribe, session.state.get);
  switch (state.kind) {
    case "idle":
      return null;
    case "opening":
      return <Opening step={state.step} detail={state.detail} again={state.again} cancel={() => session.cancel()} />;
    case "waiting":
    case "failed":
      return <Trouble state={state} session={session} server={server} gateway={gateway} />;
    case "shown":
      return (
        <>
          {state.viewers > 1 && (
            <p className="cover-viewers" role="status">
              {strings.screen.viewers(state.viewers)}
            </p>
          )}
          <Shown session={session} black={state.black} unlock={unlock} guided={guided} />
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

interface TroubleProps {
  state: Extract<ScreenState, { kind: "waiting" | "failed" }>;
  session: ScreenSession;
  server: ServerSnapshot;
  gateway: GatewaySnapshot;
}

/** What went wrong and the ways out; while it is tried again by itself, when. */
function Trouble({ state, session, server, gateway }: TroubleProps) {
  const { start } = useRepair();
  const { failure, message } = state;
  const { title, wayOut } = strings.failures[failure];
  const way = gateway.repairs.find((offer) => offer.id === WAYS_OUT[failure]);
  const lost = state.kind === "waiting" && state.seen;
  const calm = state.kind === "waiting" || failure === "cancelled";
  return (
    <div className={lost ? "cover cover-clear" : "cover"}>
      <div className="cover-card" role={calm ? "status" : "alert"}>
        <h2>{lost ? strings.screen.lost : title}</h2>
        {message !== "" && <p className="cover-message">{message}</p>}
        <p className="quiet">
          {lost ? strings.screen.lastPicture : wayOut} {state.kind === "waiting" && <RetryIn until={state.until} />}
        </p>
        <div className="actions">
          <Button look="primary" onPress={() => session.open(lost)}>
            {failure === "cancelled" ? strings.screen.open : strings.retry}
          </Button>
          {way !== undefined && <Button onPress={() => start(server.id, gateway.id, way.id)}>{way.title}</Button>}
          {state.kind === "waiting" && <Button onPress={() => session.cancel()}>{strings.screen.stop}</Button>}
        </div>
      </div>
    </div>
  );
}

function RetryIn({ until }: { until: number }) {
  const now = useNow();
  return <span>{strings.screen.retryIn(formatCountdown(until - now))}</span>;
}

/**
 * x11vnc can throttle itself to a crawl, and a server can stop altogether: each looks like a picture that stands still. After something done
 * by the person, and every so often, the server is asked for one pixel.
 */
function Shown({ session, black, unlock, guided }: Pick<CoverProps, "session" | "unlock" | "guided"> & { black: boolean }) {
  useNow();
  const [tried, setTried] = useState(Number.NEGATIVE_INFINITY);
  const [grabbed, setGrabbed] = useState(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const ask = () => session.ask();
    const touch = (event: Event) => {
      if (!(event.target instanceof HTMLCanvasElement) || !session.holds(event.target)) return;
      ask();
      if (event.type === "pointerdown") setTried(performance.now());
    };
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && performance.now() - (session.lastChangeAt ?? 0) > QUIET_MS) ask();
    }, QUIET_MS);
    window.addEventListener("pointerdown", touch, true);
    window.addEventListener("keydown", touch, true);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pointerdown", touch, true);
      window.removeEventListener("keydown", touch, true);
    };
  }, [session]);
  useEffect(() => {
    // Full screen hides the guide.
    const grab = (event: Event) => {
      if (event.target instanceof HTMLCanvasElement && session.holds(event.target) && !(guided && document.fullscreenElement === null))
        setGrabbed(performance.now());
    };
    window.addEventListener("focusin", grab);
    return () => window.removeEventListener("focusin", grab);
  }, [session, guided]);
  const silentMs = session.askedAt === null ? 0 : performance.now() - session.askedAt;
  if (silentMs >= SILENT_MS) return <Note text={strings.screen.silent(formatSpan(silentMs))} session={session} />;
  if (black) return <Note text={strings.screen.black} session={session} />;
  // A click that does nothing is told why, and keys that leave the window are told where they go.
  if (unlock !== null) return performance.now() - tried < HINT_MS ? <Locked unlock={unlock} /> : null;
  return performance.now() - grabbed < HINT_MS ? (
    <p className="cover-note cover-told" role="status">
      {strings.guide.grab}
    </p>
  ) : null;
}

function Locked({ unlock }: { unlock: () => void }) {
  return (
    <div className="cover-note" role="status">
      <span>{strings.screen.locked}</span>
      <Button small onPress={unlock}>
        {strings.screen.unlock}
      </Button>
    </div>
  );
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
