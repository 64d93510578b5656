import { run } from "../lab/processes.ts";
import { parseGVariant, type Value } from "./gvariant-text.ts";
import type { Picture } from "./picture.ts";

/** A line of an item's menu as a host shows it: without mnemonics, separators left out. */
export interface MenuLine {
  readonly id: number;
  readonly label: string;
  readonly enabled: boolean;
  /** `null`: nothing to tick. */
  readonly checked: boolean | null;
  readonly items: readonly MenuLine[];
}
export interface ItemState {
  readonly title: string;
  readonly status: string;
  readonly tooltip: string;
  readonly iconName: string;
  readonly pictures: readonly Picture[];
}
/** What a program shows in the tray, asked over the bus as a host asks it. */
export interface StatusNotifierItem {
  read(): Promise<ItemState>;
  menu(): Promise<readonly MenuLine[]>;
  /** Clicks that line. @throws Error where there is none with that id */
  click(id: number): Promise<void>;
}
export type BusCall = (name: string, path: string, method: string, ...args: string[]) => Promise<readonly Value[]>;

const CALL_S = 20;
const MENU = "com.canonical.dbusmenu";

/** Calls over that session bus. @throws Error with the bus's words, or after 20 s */
export function busCalls(address: string): BusCall {
  return async (name, path, method, ...args) => {
    const words = ["call", "--session", "--timeout", String(CALL_S), "--dest", name, "--object-path", path, "--method", method, "--", ...args];
    // In another locale gdbus would print "?" for what its character set lacks.
    const { stdout } = await run(["gdbus", ...words], { env: { LC_ALL: "C.UTF-8", DBUS_SESSION_BUS_ADDRESS: address }, deadlineMs: (CALL_S + 5) * 1_000 });
    return list(parseGVariant(stdout));
  };
}

/** @param address as a StatusNotifierWatcher lists it: the bus name, and mostly the path behind it */
export function statusNotifierItem(call: BusCall, address: string): StatusNotifierItem {
  const slash = address.indexOf("/");
  const name = slash < 0 ? address : address.slice(0, slash);
  const path = slash < 0 ? "/StatusNotifierItem" : address.slice(slash);
  const properties = async () => record((await call(name, path, "org.freedesktop.DBus.Properties.GetAll", "'org.kde.StatusNotifierItem'"))[0]);
  const menuPath = async () => text((await properties()).Menu);
  return {
    async read() {
      const { Title, Status, ToolTip, IconName, IconPixmap } = await properties();
      const [, , tooltip, more] = list(ToolTip);
      return {
        title: text(Title),
        status: text(Status),
        tooltip: [text(tooltip), text(more)].filter((part) => part !== "").join("\n"),
        iconName: text(IconName),
        pictures: list(IconPixmap).map(picture),
      };
    },
    async menu() {
      // The types are spelt out: Chromium answers no introspection, from which gdbus would learn them.
      const [, root] = await call(name, await menuPath(), `${MENU}.GetLayout`, "int32 0", "int32 -1", "@as []");
      return menuLines(list(root)[2]);
    },
    async click(id) {
      await call(name, await menuPath(), `${MENU}.Event`, `int32 ${id}`, "'clicked'", "<int32 0>", "uint32 0");
    },
  };
}

function menuLines(children: Value | undefined): MenuLine[] {
  return list(children).flatMap((child) => {
    const [id, told, items] = list(child);
    const { label, type, enabled, visible } = record(told);
    const { "toggle-type": toggle, "toggle-state": state } = record(told);
    if (type === "separator" || visible === false) return [];
    // libdbusmenu: two underscores show one, a single one marks the next letter.
    const shown = text(label).replace(/_(_?)/g, "$1");
    return [
      {
        id: Number(id),
        label: shown,
        enabled: enabled !== false,
        checked: toggle === undefined || toggle === "" ? null : state === 1,
        items: menuLines(items),
      },
    ];
  });
}

function picture(value: Value): Picture {
  const [width, height, bytes] = list(value);
  return { width: Number(width), height: Number(height), argb: Uint8Array.from(list(bytes), Number) };
}

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");
const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const record = (value: Value | undefined): Readonly<Record<string, Value>> =>
  typeof value === "object" && !Array.isArray(value) ? (value as Readonly<Record<string, Value>>) : {};
