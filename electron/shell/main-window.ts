import { BrowserWindow, dialog, nativeTheme, screen, type WebPreferences } from "electron";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/report/log.ts";
import { crashPlan } from "./crash-plan.ts";
import { PAGE } from "./routes.ts";
import type { WindowLinks } from "./window-links.ts";
import { placeWindow, SMALLEST } from "./window-place.ts";
import type { WindowStateFile } from "./window-state-file.ts";
import { setupZoom } from "./zoom.ts";

export interface MainWindow {
  /** Makes the window where there is none, and brings it to the front; `page` opens a view. */
  show(page?: string): void;
  hide(): void;
  toggle(): void;
  /** The person can see it now. */
  readonly visible: boolean;
  onVisible(listener: () => void): void;
  /** Closing it really closes it from now on. */
  release(): void;
}

export interface MainWindowOptions {
  readonly preload: string;
  readonly icon: string | null;
  readonly links: WindowLinks;
  readonly state: WindowStateFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly devTools: boolean;
  /** Closing hides only where something is left to click on, and the person does not want it to quit. */
  readonly closeHides: () => boolean;
  /** Called the first time that closing left Gatelight in the tray. */
  readonly tellOfTray: () => void;
  readonly quit: () => void;
}

/** On Windows the click on the tray takes the focus from the window before it is told. */
const JUST_NOW_MS = 500;

export const PREFERENCES: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webSecurity: true,
  webviewTag: false,
  spellcheck: false,
  safeDialogs: true,
  navigateOnDragDrop: false,
};

/** The one window: remembered place, close to tray, a crashed page loaded again once. */
export function createMainWindow(options: MainWindowOptions): MainWindow {
  const { state, log, clock } = options;
  let window: BrowserWindow | null = null;
  let released = false;
  let crashes: number[] = [];
  let blurredAt = 0;
  const listeners: (() => void)[] = [];
  const tell = () => {
    for (const listener of listeners) listener();
  };

  const remember = (target: BrowserWindow) => {
    if (target.isDestroyed() || target.isMinimized() || target.isFullScreen()) return;
    state.update({ maximized: target.isMaximized(), ...(target.isMaximized() ? {} : { bounds: target.getBounds() }) });
  };
  const onClose = (event: { preventDefault(): void }, target: BrowserWindow) => {
    remember(target);
    if (released) return;
    event.preventDefault();
    if (!options.closeHides()) return options.quit();
    target.hide();
    if (state.current.toldOfTray) return;
    state.update({ toldOfTray: true });
    options.tellOfTray();
  };
  const onGone = async (target: BrowserWindow, reason: string) => {
    const plan = crashPlan(reason, crashes, clock.now());
    if (plan === "ignore" || released) return;
    log.error("the window's process ended", { reason });
    const again = plan === "reload" || (await askAfterCrash());
    crashes = [...crashes.slice(-9), clock.now()];
    if (target.isDestroyed()) return;
    if (again) target.webContents.reload();
    else target.destroy();
  };

  const make = (page: string): BrowserWindow => {
    const primary = screen.getPrimaryDisplay();
    const areas = [primary, ...screen.getAllDisplays().filter((display) => display.id !== primary.id)].map((display) => display.workArea);
    const made = new BrowserWindow({
      ...placeWindow(state.current.bounds, areas),
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
      show: false,
      title: "Gatelight",
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? "#14171c" : "#f4f5f7",
      ...(options.icon === null ? {} : { icon: options.icon }),
      webPreferences: { ...PREFERENCES, preload: options.preload, devTools: options.devTools },
    });
    options.links.admit(made.webContents);
    if (state.current.maximized) made.maximize();
    made.on("close", (event) => onClose(event, made));
    made.on("closed", () => {
      if (window === made) window = null;
    });
    made.on("resize", () => remember(made));
    made.on("move", () => remember(made));
    for (const event of ["show", "focus", "restore"] as const) made.on(event as "show", tell);
    made.on("blur", () => {
      blurredAt = clock.now();
    });
    // Windows logs off without "before-quit".
    made.on("session-end", () => options.quit());
    setupZoom(made.webContents);
    made.once("ready-to-show", () => made.show());
    made.webContents.on("render-process-gone", (_event, details) => {
      onGone(made, details.reason).catch((error: unknown) => log.error("a crashed window could not be handled", { error }));
    });
    made.loadURL(page).catch((error: unknown) => log.error("the window could not be loaded", { error }));
    return made;
  };

  return {
    show(page) {
      if (window === null || window.isDestroyed()) {
        window = make(page ?? PAGE);
        return;
      }
      // A change of the hash alone: the page stays loaded.
      if (page !== undefined) window.loadURL(page).catch((error: unknown) => log.warn("the view could not be opened", { error }));
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    hide: () => window?.hide(),
    toggle() {
      const front = window?.isFocused() === true || clock.now() - blurredAt < JUST_NOW_MS;
      if (window?.isVisible() === true && !window.isMinimized() && front) window.hide();
      else this.show();
    },
    get visible() {
      return window !== null && !window.isDestroyed() && window.isVisible() && !window.isMinimized() && window.isFocused();
    },
    onVisible: (listener) => void listeners.push(listener),
    release() {
      released = true;
    },
  };
}

async function askAfterCrash(): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: "error",
    title: "Gatelight",
    message: "The window ended unexpectedly, twice in a short time",
    detail: "Gatelight itself goes on watching. The log says what was seen; a problem report can be copied from the tray.",
    buttons: ["Load it again", "Close the window"],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
