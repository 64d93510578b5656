import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import type { Snapshot } from "../shared/snapshot.ts";
import { useLinkState } from "./api/link-context.tsx";
import { LinkBanner } from "./banners.tsx";
import { Rail } from "./rail.tsx";
import { useSelection } from "./selection.tsx";
import { SimulationBar } from "./simulation-bar.tsx";
import { strings } from "./strings.ts";
import { Notices } from "./ui/notices.tsx";
import { Shortcuts } from "./ui/shortcuts.tsx";
import { Overview } from "./views/overview/overview.tsx";
import { PromptDialog } from "./views/prompts/prompt-dialog.tsx";
import { useRepair } from "./views/repair/repair-context.tsx";
import { Welcome } from "./views/welcome/welcome.tsx";

const Screen = lazy(() => import("./views/screen/screen-view.tsx").then((module) => ({ default: module.ScreenView })));
const Diagnosis = lazy(() => import("./views/diagnosis/diagnosis-view.tsx").then((module) => ({ default: module.DiagnosisView })));
const Log = lazy(() => import("./views/log/log-view.tsx").then((module) => ({ default: module.LogView })));
const Settings = lazy(() => import("./views/settings/settings-view.tsx").then((module) => ({ default: module.SettingsView })));

export function Shell({ snapshot }: { snapshot: Snapshot }) {
  const { route, gateway, server } = useSelection();
  const repair = useRepair();
  const linked = useLinkState().kind === "open";
  const empty = snapshot.servers.length === 0;
  const live = gateway?.mode === "live" && route.view !== "settings" && !empty;
  useEffect(() => {
    // What nobody vouches for any more is not said to be up.
    document.title = gateway === null ? strings.app : `${gateway.name} ${strings.states[linked ? gateway.light : "unknown"]} · ${strings.app}`;
  }, [gateway, linked]);
  return (
    <div className="shell" data-linked={linked}>
      <button type="button" className="skip" onClick={() => document.getElementById("content")?.focus()}>
        {strings.skip}
      </button>
      <Rail snapshot={snapshot} />
      <div className="stage" data-mode={live ? "live" : "other"}>
        <LinkBanner />
        {snapshot.app.simulation !== null && <SimulationBar simulation={snapshot.app.simulation} />}
        <Notices notices={snapshot.notices} onAction={(action) => repair.start(action.server, action.gateway, action.repair)} />
        <main id="content" className="content" tabIndex={-1} aria-label={strings.views[route.view]}>
          {empty && route.view !== "settings" ? <Welcome /> : <CurrentView has={gateway !== null} serverName={server?.name ?? ""} />}
        </main>
      </div>
      <PromptDialog prompts={snapshot.prompts} />
      <Shortcuts snapshot={snapshot} />
    </div>
  );
}

/** The screen stays mounted once seen, merely hidden: a hidden element without size would make its canvas 0×0. */
function CurrentView({ has, serverName }: { has: boolean; serverName: string }) {
  const { route } = useSelection();
  const screenSeen = useRef(false);
  if (route.view === "screen" && has) screenSeen.current = true;
  return (
    <Suspense fallback={<p className="quiet pad">{strings.loading}</p>}>
      {has && screenSeen.current && (
        <Kept shown={route.view === "screen"}>
          <Screen shown={route.view === "screen"} />
        </Kept>
      )}
      {!has && route.view !== "settings" && <NoGateway name={serverName} />}
      {has && route.view === "overview" && <Overview />}
      {has && route.view === "diagnosis" && <Diagnosis />}
      {has && route.view === "log" && <Log />}
      {route.view === "settings" && <Settings />}
    </Suspense>
  );
}

function Kept({ shown, children }: { shown: boolean; children: ReactNode }) {
  return (
    <div className="kept" data-shown={shown} inert={!shown}>
      {children}
    </div>
  );
}

function NoGateway({ name }: { name: string }) {
  return (
    <div className="empty">
      <h1>{strings.empty.noGateway(name)}</h1>
      <p>{strings.empty.noGatewayDetail}</p>
    </div>
  );
}
