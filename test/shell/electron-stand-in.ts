import { EventEmitter } from "node:events";
import type * as Electron from "electron";

/**
 * What the shell sees of Electron where its binary cannot be had: the same calls and events, recording what was done. Behaviour that the shell relies
 * on is the documented one (a prevented quit does not quit, a prevented close leaves the window, the lock belongs to the first). Signatures are checked
 * against electron.d.ts at the end of the file.
 */

class Preventable {
  defaultPrevented = false;
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}
export const preventable = (extra: object = {}) => Object.assign(new Preventable(), extra);

class AppStandIn extends EventEmitter {
  isPackaged = false;
  readonly calls: string[] = [];
  readonly paths = new Map<string, string>();
  exitCode: number | null = null;
  quitDone = false;
  lockFree = true;
  readonly switches: string[] = [];
  readonly commandLine = { hasSwitch: (name: string) => this.switches.includes(name) };
  loginItem: { openAtLogin: boolean; args?: string[] } = { openAtLogin: false };
  wasOpenedAtLogin = false;
  relaunched: readonly string[] | null = null;
  relaunchedBy: string | null = null;
  #ready: () => void = () => {};
  readonly #whenReady = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });
  becomeReady(): void {
    this.#ready();
  }
  whenReady(): Promise<void> {
    return this.#whenReady;
  }
  setPath(name: string, path: string): void {
    this.paths.set(name, path);
  }
  requestSingleInstanceLock(): boolean {
    this.calls.push("lock");
    return this.lockFree;
  }
  enableSandbox(): void {
    this.calls.push("sandbox");
  }
  setAppUserModelId(id: string): void {
    this.calls.push(`model ${id}`);
  }
  getLoginItemSettings(): { openAtLogin: boolean; wasOpenedAtLogin: boolean } {
    return { ...this.loginItem, wasOpenedAtLogin: this.wasOpenedAtLogin };
  }
  setLoginItemSettings(settings: { openAtLogin?: boolean; args?: string[] }): void {
    this.loginItem = { ...settings, openAtLogin: settings.openAtLogin === true };
  }
  relaunch(options?: { args?: string[]; execPath?: string }): void {
    this.relaunched = options?.args ?? [];
    this.relaunchedBy = options?.execPath ?? null;
  }
  quit(): void {
    const event = preventable();
    this.emit("before-quit", event);
    if (event.defaultPrevented) return;
    for (const window of [...BrowserWindowStandIn.all]) window.close();
    if (BrowserWindowStandIn.all.length === 0) this.quitDone = true;
  }
  exit(code = 0): void {
    this.exitCode = code;
  }
}
export const app = new AppStandIn();

export class WebContentsStandIn extends EventEmitter {
  readonly mainFrame = { url: "app://gatelight/index.html" };
  readonly posted: { channel: string; ports: unknown[] }[] = [];
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  reloads = 0;
  zoom = 0;
  getZoomLevel(): number {
    return this.zoom;
  }
  setZoomLevel(level: number): void {
    this.zoom = level;
  }
  postMessage(channel: string, _message: unknown, ports: unknown[] = []): void {
    this.posted.push({ channel, ports });
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  reload(): void {
    this.reloads += 1;
  }
}

/** The one place where a stand-in is passed for the real thing. */
export function asWebContents(standIn: WebContentsStandIn): Electron.WebContents {
  return standIn as never;
}

export class BrowserWindowStandIn extends EventEmitter {
  static readonly all: BrowserWindowStandIn[] = [];
  /** The newest, also after it was closed. */
  static last: BrowserWindowStandIn | null = null;
  readonly webContents = new WebContentsStandIn();
  readonly loaded: string[] = [];
  visible = false;
  focused = false;
  minimized = false;
  maximized = false;
  destroyed = false;
  bounds: Electron.Rectangle;
  readonly options: Electron.BrowserWindowConstructorOptions;
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    this.bounds = { x: options.x ?? 0, y: options.y ?? 0, width: options.width ?? 0, height: options.height ?? 0 };
    BrowserWindowStandIn.all.push(this);
    BrowserWindowStandIn.last = this;
    app.emit("web-contents-created", {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    if (this.loaded.length === 1) queueMicrotask(() => this.emit("ready-to-show"));
  }
  show(): void {
    this.visible = true;
    this.focused = true;
    this.emit("show");
  }
  focus(): void {
    this.focused = true;
    this.emit("focus");
  }
  hide(): void {
    this.visible = false;
    this.focused = false;
    this.emit("hide");
  }
  blur(): void {
    this.focused = false;
    this.emit("blur");
  }
  restore(): void {
    this.minimized = false;
    this.emit("restore");
  }
  maximize(): void {
    this.maximized = true;
  }
  isVisible = () => this.visible;
  isFocused = () => this.focused;
  isMinimized = () => this.minimized;
  isMaximized = () => this.maximized;
  isFullScreen = () => false;
  isDestroyed = () => this.destroyed;
  getBounds = () => this.bounds;
  close(): void {
    const event = preventable();
    this.emit("close", event);
    if (!event.defaultPrevented) this.destroy();
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    BrowserWindowStandIn.all.splice(BrowserWindowStandIn.all.indexOf(this), 1);
    this.webContents.emit("destroyed");
    this.emit("closed");
    if (BrowserWindowStandIn.all.length === 0) app.emit("window-all-closed");
  }
}

interface MenuStandIn {
  readonly items: readonly Electron.MenuItemConstructorOptions[];
}
export const menus = { application: undefined as MenuStandIn | null | undefined };
export const Menu = {
  buildFromTemplate: (items: Electron.MenuItemConstructorOptions[]): MenuStandIn => ({ items }),
  setApplicationMenu(menu: MenuStandIn | null): void {
    menus.application = menu;
  },
};

export class TrayStandIn extends EventEmitter {
  static readonly all: TrayStandIn[] = [];
  images: string[];
  tooltip = "";
  menu: MenuStandIn = { items: [] };
  menusSet = 0;
  destroyed = false;
  constructor(image: { path: string }) {
    super();
    this.images = [image.path];
    TrayStandIn.all.push(this);
  }
  setImage(image: { path: string }): void {
    this.images.push(image.path);
  }
  setToolTip(text: string): void {
    this.tooltip = text;
  }
  setContextMenu(menu: MenuStandIn): void {
    this.menu = menu;
    this.menusSet += 1;
  }
  destroy(): void {
    this.destroyed = true;
  }
}
export const nativeImage = { createFromPath: (path: string) => ({ path }) };
export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false, shouldUseDarkColorsForSystemIntegratedUI: false });

export class NotificationStandIn extends EventEmitter {
  static readonly shown: NotificationStandIn[] = [];
  static isSupported = () => true;
  closed = false;
  readonly options: Electron.NotificationConstructorOptions;
  constructor(options: Electron.NotificationConstructorOptions) {
    super();
    this.options = options;
  }
  show(): void {
    NotificationStandIn.shown.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

export const powerMonitor = new EventEmitter();
export const ipcMain = new EventEmitter();
export const protocol = {
  schemes: [] as Electron.CustomScheme[],
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    this.schemes.push(...schemes);
  },
};
export const safeStorage = {
  backend: "basic_text",
  isAsyncEncryptionAvailable: async () => true,
  getSelectedStorageBackend(): string {
    return this.backend;
  },
  encryptStringAsync: async (text: string) => Buffer.from([...text].reverse().join(""), "utf8"),
  decryptStringAsync: async (data: Buffer) => ({ result: [...data.toString("utf8")].reverse().join(""), shouldReEncrypt: false }),
};
const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } };
export const screen = { getPrimaryDisplay: () => display, getAllDisplays: () => [display] };

type Answer = (allowed: boolean) => void;
class SessionStandIn extends EventEmitter {
  permissionRequest: ((contents: unknown, permission: string, answer: Answer, details: { requestingUrl: string }) => void) | null = null;
  permissionCheck: ((contents: unknown, permission: string, origin: string) => boolean) | null = null;
  device: (() => boolean) | null = null;
  displayMedia: ((request: unknown, answer: (streams: object) => void) => void) | null = null;
  spellChecker = true;
  beforeRequest: ((details: { url: string }, answer: (response: { cancel?: boolean }) => void) => void) | null = null;
  readonly handlers = new Map<string, (request: Request) => Promise<Response>>();
  readonly protocol = { handle: (scheme: string, handler: (request: Request) => Promise<Response>) => void this.handlers.set(scheme, handler) };
  readonly webRequest = {
    onBeforeRequest: (handler: NonNullable<SessionStandIn["beforeRequest"]>) => {
      this.beforeRequest = handler;
    },
  };
  setPermissionRequestHandler(handler: SessionStandIn["permissionRequest"]): void {
    this.permissionRequest = handler;
  }
  setPermissionCheckHandler(handler: SessionStandIn["permissionCheck"]): void {
    this.permissionCheck = handler;
  }
  setDevicePermissionHandler(handler: SessionStandIn["device"]): void {
    this.device = handler;
  }
  setDisplayMediaRequestHandler(handler: SessionStandIn["displayMedia"]): void {
    this.displayMedia = handler;
  }
  setSpellCheckerEnabled(on: boolean): void {
    this.spellChecker = on;
  }
}
export const session = { defaultSession: new SessionStandIn() };

export const shell = {
  opened: [] as string[],
  async openExternal(url: string): Promise<void> {
    this.opened.push(url);
  },
};
export const clipboard = {
  text: "",
  async writeText(text: string): Promise<void> {
    this.text = text;
  },
};
export const dialog = {
  errors: [] as string[],
  boxes: [] as Electron.MessageBoxOptions[],
  answer: 0,
  showErrorBox(title: string, content: string): void {
    this.errors.push(`${title}: ${content}`);
  },
  async showMessageBox(options: Electron.MessageBoxOptions): Promise<{ response: number; checkboxChecked: boolean }> {
    this.boxes.push(options);
    return { response: this.answer, checkboxChecked: false };
  },
};

/** Two ends; messages are cloned and arrive later, as through a process boundary. */
export class PortStandIn extends EventEmitter {
  other: PortStandIn | null = null;
  #started = false;
  #waiting: unknown[] = [];
  postMessage(message: unknown): void {
    const copy = structuredClone(message);
    queueMicrotask(() => this.other?.take(copy));
  }
  take(data: unknown): void {
    if (this.#started) this.emit("message", { data, ports: [] });
    else this.#waiting.push(data);
  }
  start(): void {
    this.#started = true;
    for (const data of this.#waiting.splice(0)) this.emit("message", { data, ports: [] });
  }
  close(): void {
    const { other } = this;
    this.other = null;
    queueMicrotask(() => {
      this.emit("close");
      if (other !== null && other.other !== null) other.close();
    });
  }
}
export class MessageChannelMain {
  readonly port1 = new PortStandIn();
  readonly port2 = new PortStandIn();
  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}
export { BrowserWindowStandIn as BrowserWindow, NotificationStandIn as Notification, TrayStandIn as Tray };

// Every call that the stand-in has exists in Electron under the same name.
type Same<Mine, Theirs> = { [K in keyof Mine & keyof Theirs]: K };
export type Checked = [
  Same<typeof app, Electron.App>[
    | "requestSingleInstanceLock"
    | "enableSandbox"
    | "setLoginItemSettings"
    | "getLoginItemSettings"
    | "relaunch"
    | "setAppUserModelId"],
  Same<BrowserWindowStandIn, Electron.BrowserWindow>["loadURL" | "show" | "hide" | "focus" | "restore" | "maximize" | "isFullScreen" | "getBounds" | "destroy"],
  Same<WebContentsStandIn, Electron.WebContents>["postMessage" | "setWindowOpenHandler" | "reload" | "mainFrame" | "getZoomLevel" | "setZoomLevel"],
  Same<TrayStandIn, Electron.Tray>["setImage" | "setToolTip" | "setContextMenu" | "destroy"],
  Same<SessionStandIn, Electron.Session>[
    | "setPermissionRequestHandler"
    | "setPermissionCheckHandler"
    | "setDevicePermissionHandler"
    | "setDisplayMediaRequestHandler"
    | "webRequest"],
  Same<typeof safeStorage, Electron.SafeStorage>["encryptStringAsync" | "decryptStringAsync" | "isAsyncEncryptionAvailable" | "getSelectedStorageBackend"],
  Same<typeof clipboard, Electron.Clipboard>["writeText"],
  Same<typeof nativeTheme, Electron.NativeTheme>["shouldUseDarkColorsForSystemIntegratedUI"],
];
