import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Daemon, descendants, kill, run, until } from "../lab/processes.ts";
import { type Picture, type Place, readFrameBuffer } from "./picture.ts";
import { busCalls, type StatusNotifierItem, statusNotifierItem } from "./status-notifier-item.ts";

/** A desktop of its own that shows tray icons: Xvfb, a session bus and xfce4-panel, whose status tray is a StatusNotifier host. */
export interface StatusNotifierHost {
  /** For programs that are to be shown there. */
  readonly env: Readonly<Record<"DISPLAY" | "DBUS_SESSION_BUS_ADDRESS" | "XDG_CURRENT_DESKTOP" | "XDG_SESSION_TYPE" | "NO_AT_BRIDGE", string>>;
  /** Those that are registered now, in their order. */
  items(): Promise<readonly StatusNotifierItem[]>;
  /** What the panel shows now. */
  panel(): Picture;
  /** What the whole screen shows now. */
  screen(): Picture;
  /** Clicks there with the right button, or with no place takes the pointer away and closes what is open. */
  point(place: Place | null): Promise<void>;
  dispose(): Promise<void>;
}

const START_MS = 20_000;
const GRACE_MS = 3_000;
const SCREEN = { x: 0, y: 0, width: 1024, height: 768 };
/** Room for icons of 48 pixels, which Electron gives from an @2x file: neither they nor those of 24 are scaled, so that their pixels can be found. */
const PANEL = { ...SCREEN, height: 56 };
const ICON = 48;
const XFCONF_SERVICE = "/usr/share/dbus-1/services/org.xfce.Xfconf.service";
/** Debian's package a program or file. */
const NEEDED = [
  ["Xvfb", "xvfb"],
  ["dbus-daemon", "dbus-daemon"],
  ["gdbus", "libglib2.0-bin"],
  ["xfce4-panel", "xfce4-panel"],
  ["xdotool", "xdotool"],
  [XFCONF_SERVICE, "xfconf"],
] as const;

/** @returns why no host can be started on this machine, or `null` */
export function noHostBecause(): string | null {
  if (process.platform !== "linux") return `a StatusNotifier host is Linux's; this is ${process.platform}`;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const missing = NEEDED.filter(([name]) => !(name.startsWith("/") ? existsSync(name) : folders.some((folder) => existsSync(join(folder, name)))));
  return missing.length === 0 ? null : `not installed: ${missing.map(([name, of]) => `${name} (${of})`).join(", ")}`;
}

/** @throws Error with what the programs wrote where one does not start within 20 s */
export async function startStatusNotifierHost(): Promise<StatusNotifierHost> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-tray-"));
  const daemons: Daemon[] = [];
  const start = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Daemon => {
    const daemon = new Daemon(argv, env);
    daemons.push(daemon);
    return daemon;
  };
  const told = (daemon: Daemon, pattern: RegExp): Promise<string> =>
    until(
      () => {
        if (!daemon.running) throw new Error(`ended at its start: ${daemon.output}`);
        return pattern.exec(daemon.output)?.[1];
      },
      START_MS,
      () => `${daemon.child.spawnfile} said where it is: ${daemon.output}`,
    );
  const dispose = async () => {
    // The bus starts xfce's settings daemon, the panel a process for its tray: they end by themselves, mostly.
    const children = daemons.flatMap((daemon) => descendants(daemon.pid));
    for (const daemon of daemons.splice(0).reverse()) await daemon.end("SIGTERM", GRACE_MS);
    for (const pid of children) kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const name of ["config/xfce4/xfconf/xfce-perchannel-xml", "cache", "run", "services", "frame"])
      mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"), PANEL_SETTINGS);
    // Only the panel's settings can be started by name: no keyring, portal or notifier of this machine gets into the test.
    copyFileSync(XFCONF_SERVICE, join(folder, "services/org.xfce.Xfconf.service"));
    writeFileSync(join(folder, "bus.conf"), busSettings(folder));

    const { width, height } = SCREEN;
    const xvfb = start(["Xvfb", "-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp", "-fbdir", join(folder, "frame")]);
    const display = `:${await told(xvfb, /^(\d+)\n/m)}`;
    const own = { HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), XDG_CACHE_HOME: join(folder, "cache"), XDG_RUNTIME_DIR: join(folder, "run") };
    const shown = { DISPLAY: display, XDG_CURRENT_DESKTOP: "XFCE", XDG_SESSION_TYPE: "x11", NO_AT_BRIDGE: "1" };
    const bus = start(["dbus-daemon", `--config-file=${join(folder, "bus.conf")}`, "--nofork", "--print-address=1"], { ...own, ...shown });
    const address = await told(bus, /^(unix:\S+)\n/m);
    const env = { ...shown, DBUS_SESSION_BUS_ADDRESS: address };
    const panel = start(["xfce4-panel", "--disable-wm-check"], { ...own, ...env, GIO_USE_VFS: "local", GSETTINGS_BACKEND: "memory" });

    const call = busCalls(address);
    const watcher = async (property: string) => {
      const words = ["'org.kde.StatusNotifierWatcher'", `'${property}'`];
      return (await call("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties.Get", ...words))[0];
    };
    // Until the panel owns the name there is nobody to ask.
    const hosted = async () => (await call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "'org.kde.StatusNotifierWatcher'"))[0] === true;
    await until(
      async () => (await hosted()) && (await watcher("IsStatusNotifierHostRegistered")) === true,
      START_MS,
      () => `xfce4-panel is a StatusNotifier host: ${panel.output}`,
    );
    const frame = (area: typeof SCREEN) => readFrameBuffer(readFileSync(join(folder, "frame/Xvfb_screen0")), area);
    const xdotool = (...args: string[]) => run(["xdotool", ...args], { env });
    await until(
      () => frame({ ...PANEL, width: 1, y: PANEL.height - 1, height: 1 }).argb.some((byte, at) => at > 0 && byte !== 0),
      START_MS,
      () => "the panel is painted",
    );
    return {
      env,
      async items() {
        const listed = await watcher("RegisteredStatusNotifierItems");
        return (Array.isArray(listed) ? listed : []).map((item: unknown) => statusNotifierItem(call, String(item)));
      },
      panel: () => frame(PANEL),
      screen: () => frame(SCREEN),
      async point(place) {
        if (place === null) await xdotool("key", "Escape", "mousemove", String(SCREEN.width - 1), String(SCREEN.height - 1));
        else await xdotool("mousemove", String(place.x), String(place.y), "click", "3");
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const busSettings = (folder: string): string => `<busconfig>
  <type>session</type>
  <listen>unix:dir=${join(folder, "run")}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${join(folder, "services")}</servicedir>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
`;

/** One bar along the top, all of one colour, with nothing but the status tray on it. */
const PANEL_SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="${PANEL.height}"/>
      <property name="length" type="uint" value="100"/>
      <property name="enable-struts" type="bool" value="false"/>
      <property name="background-style" type="uint" value="1"/>
      <property name="background-rgba" type="array">
        <value type="double" value="0.2"/><value type="double" value="0.2"/><value type="double" value="0.2"/><value type="double" value="1"/>
      </property>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="icon-size" type="int" value="${ICON}"/>
      <property name="square-icons" type="bool" value="true"/>
      <property name="hide-new-items" type="bool" value="false"/>
    </property>
  </property>
</channel>
`;
