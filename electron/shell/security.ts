import { app, type Session, type WebContents } from "electron";
import type { Log } from "../core/report/log.ts";
import { openExternal } from "./open-external.ts";
import { navigationAllowed, permissionAllowed, requestAllowed } from "./request-rules.ts";

/** Rules for every page that may ever exist. Electron grants all permissions unless told otherwise. */
export function setupSecurity(session: Session, options: { log: Log; devTools: boolean }): void {
  const { log, devTools } = options;
  session.setPermissionRequestHandler((_contents, permission, answer, details) => answer(permissionAllowed(permission, details.requestingUrl)));
  session.setPermissionCheckHandler((_contents, permission, origin) => permissionAllowed(permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}));
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest((details, answer) => {
    const allowed = requestAllowed(details.url, devTools);
    if (!allowed) log.warn("a request was cancelled", { url: details.url.slice(0, 200) });
    answer({ cancel: !allowed });
  });
  session.on("will-download", (event, item) => {
    // The page saves what it made itself (CSV, report) as a blob; nothing else may be written to disk.
    if (!item.getURL().startsWith("blob:app://gatelight/")) event.preventDefault();
  });
  app.on("web-contents-created", (_event, contents) => guard(contents, log));
  app.on("certificate-error", (event, _contents, _url, _error, _certificate, answer) => {
    event.preventDefault();
    answer(false);
  });
  app.on("login", (event) => event.preventDefault());
}

function guard(contents: WebContents, log: Log): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (navigationAllowed(event.url)) return;
    event.preventDefault();
    log.warn("a navigation was denied", { url: event.url.slice(0, 200) });
  };
  contents.on("will-navigate", stay);
  contents.on("will-redirect", stay);
  contents.on("will-frame-navigate", stay);
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openExternal(url, log).catch((error: unknown) => log.warn("the browser could not be opened", { error }));
    return { action: "deny" };
  });
}
