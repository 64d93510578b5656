import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { GatewaySnapshot, ServerSnapshot } from "../../../shared/snapshot.ts";
import { useLink } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Chain } from "../overview/chain.tsx";
import { type BoundedViewer, boundViewer } from "./bounded-viewer.ts";
import { Guide } from "./guide.tsx";
import { ScreenCover } from "./screen-cover.tsx";
import { ScreenSession } from "./screen-session.ts";
import { ScreenToolbar } from "./screen-toolbar.tsx";
import { PICTURES, type ViewerSettings } from "./viewer-settings.ts";

export function ScreenPanel({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const link = useLink();
  const target = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const last = useRef<HTMLCanvasElement>(null);
  const [session, setSession] = useState<ScreenSession | null>(null);
  const [viewer, setViewer] = useState<BoundedViewer | null>(null);
  const [clipboard, setClipboard] = useState<string | null>("");
  const [guide, setGuide] = useState(true);
  // A live gateway is only looked at until the person unlocks it.
  const [settings, setSettings] = useState<ViewerSettings>({ viewOnly: gateway.mode === "live", scale: "fit", picture: "balanced" });

  const wanted = useRef(settings);
  wanted.current = settings;

  useEffect(() => {
    if (target.current === null) return undefined;
    const made = new ScreenSession({
      link,
      server: server.id,
      gateway: gateway.id,
      target: target.current,
      loadViewer: () => import("@novnc/novnc").then((module) => boundViewer(module.default)),
      // Before the viewer connects: a locked screen must not be unlocked for a moment.
      onViewer: (made) => {
        if (made !== null) setUp(made, wanted.current);
        setViewer(made);
      },
      onLastPicture: (picture) => keepPicture(last.current, picture),
      onClipboard: setClipboard,
    });
    setSession(made);
    made.open();
    return () => made.dispose();
  }, [link, server.id, gateway.id]);

  useEffect(() => {
    if (viewer !== null) setUp(viewer, settings);
  }, [viewer, settings]);

  const unlock = () => {
    setSettings({ ...settings, viewOnly: false });
    viewer?.focus();
  };
  return (
    <div className="screen-panel">
      <h1 className="visually-hidden">{strings.screen.picture(gateway.name)}</h1>
      <Chain lights={gateway.lights} compact />
      {session !== null && (
        <ScreenToolbar
          session={session}
          viewer={viewer}
          frame={frame}
          gateway={gateway}
          clipboard={clipboard}
          settings={settings}
          setSettings={setSettings}
          guide={guide}
          setGuide={setGuide}
        />
      )}
      <div className="screen-main">
        <div className="screen-frame" ref={frame} data-scale={settings.scale} data-mode={gateway.mode}>
          {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: nobody can focus it; it is the dimmed last picture behind the words that say so */}
          <canvas className="screen-last" ref={last} aria-hidden="true" />
          <Target session={session} target={target} name={gateway.name} />
          {session !== null && <ScreenCover session={session} server={server} gateway={gateway} unlock={settings.viewOnly ? unlock : null} guided={guide} />}
        </div>
        {guide && <Guide server={server} gateway={gateway} />}
      </div>
    </div>
  );
}

/** The keys go to the remote screen while it has the focus; Ctrl+Alt+Home brings them back, as in other viewers. */
function Target({ session, target, name }: { session: ScreenSession | null; target: React.RefObject<HTMLDivElement | null>; name: string }) {
  const shown = useSyncExternalStore(session?.state.subscribe ?? noStore, () => session?.state.get().kind === "shown");
  return (
    <section
      className="screen-target"
      data-shown={shown}
      ref={target}
      aria-label={strings.screen.remote(name)}
      onBlur={() => session?.releaseKeys()}
      onKeyDownCapture={(event) => {
        if (event.key !== "Home" || !event.ctrlKey || !event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        const tools = event.currentTarget.closest(".screen-panel")?.querySelector<HTMLElement>(".screen-toolbar button");
        // In full screen there are no tools to be given the focus.
        const out = document.fullscreenElement === null ? Promise.resolve() : document.exitFullscreen();
        void out.then(() => tools?.focus());
      }}
    />
  );
}

function setUp(viewer: BoundedViewer, settings: ViewerSettings): void {
  // Once it is locked, nothing is sent any more.
  if (settings.viewOnly) viewer.releaseKeys();
  viewer.viewOnly = settings.viewOnly;
  viewer.scaleViewport = settings.scale === "fit";
  viewer.background = "transparent";
  const { quality, compression } = PICTURES[settings.picture];
  viewer.qualityLevel = quality;
  viewer.compressionLevel = compression;
}

const noStore = () => () => undefined;

function keepPicture(canvas: HTMLCanvasElement | null, picture: ImageData): void {
  if (canvas === null || picture.width === 0) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
}
