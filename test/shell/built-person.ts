import { app, BrowserWindowStandIn, ipcMain, NotificationStandIn, powerMonitor, protocol, TrayStandIn } from "./electron-stand-in.ts";

/**
 * The person and the system before the built program, in its own process (--import): the app becomes ready, the light turns green, "Quit" is clicked.
 * What was seen is printed as one line of JSON. The process is not ended: it must end by itself.
 */
const DEADLINE_MS = 45_000;
const begun = Date.now();
let greenAfter: number | null = null;

const look = setInterval(() => {
  const tray = TrayStandIn.all[0];
  const late = Date.now() - begun > DEADLINE_MS;
  if (greenAfter === null && tray?.images.at(-1)?.endsWith("up.png") === true && tray.tooltip.includes("up")) {
    greenAfter = Date.now() - begun;
    const quit = tray.menu.items.find((item) => item.label === "Quit Gatelight");
    Reflect.apply(quit?.click ?? (() => {}), undefined, []);
  }
  if (!app.quitDone && !late) return;
  clearInterval(look);
  const seen = {
    greenAfter,
    calls: app.calls,
    schemes: protocol.schemes.map(({ scheme }) => scheme),
    preload: BrowserWindowStandIn.last?.options.webPreferences?.preload ?? null,
    loaded: BrowserWindowStandIn.last?.loaded ?? [],
    tooltip: tray?.tooltip ?? null,
    quitDone: app.quitDone,
    trayGone: tray?.destroyed ?? null,
    windowsLeft: BrowserWindowStandIn.all.length,
    listenersLeft: [ipcMain, powerMonitor].flatMap((emitter) => emitter.eventNames()),
    notifications: NotificationStandIn.shown.map(({ options }) => options.title),
  };
  process.stdout.write(`${JSON.stringify(seen)}\n`);
  if (late) process.exit(3);
}, 20);

app.becomeReady();
