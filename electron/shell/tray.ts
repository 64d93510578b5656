import { join } from "node:path";
import { Menu, type MenuItemConstructorOptions, type NativeImage, nativeImage, nativeTheme, Tray } from "electron";
import type { TrayAction, TrayItem, TrayModel } from "../core/tray-model.ts";
import { trayImage } from "./tray-images.ts";

export interface TrayView {
  apply(model: TrayModel): void;
  dispose(): void;
}

export interface TrayOptions {
  readonly platform: NodeJS.Platform;
  /** Folder of the pictures. */
  readonly images: string;
  readonly onAction: (action: TrayAction) => void;
  /** Left click on Windows. */
  readonly onClick: () => void;
  /** Double click on Windows; the single click that begins it was told before. */
  readonly onDoubleClick: () => void;
  /** For tests. */
  readonly makeTray?: (image: NativeImage) => Tray;
}

/** Shows a TrayModel; decides nothing. @throws Error where the system has no place for a tray */
export function createTray(options: TrayOptions): TrayView {
  const { platform, images, onAction } = options;
  let model: TrayModel | null = null;
  let shown = "";
  let picture = "";

  const image = (state: TrayModel["icon"]) => {
    // Windows' taskbar has a theme of its own, apart from that of the programs.
    const dark = platform === "win32" ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI : nativeTheme.shouldUseDarkColors;
    return join(images, trayImage(state, platform, dark));
  };
  picture = image("unknown");
  const tray = (options.makeTray ?? ((first) => new Tray(first)))(nativeImage.createFromPath(picture));
  if (platform === "win32") tray.on("click", () => options.onClick());
  if (platform === "win32") tray.on("double-click", () => options.onDoubleClick());

  const template = (items: readonly TrayItem[]): MenuItemConstructorOptions[] =>
    items.map((item): MenuItemConstructorOptions => {
      // "&" would underline the next letter.
      if (item.kind === "separator") return { type: "separator" };
      const label = item.text.replaceAll("&", "&&");
      if (item.kind === "text") return { label, enabled: false };
      if (item.kind === "menu") return { label, submenu: template(item.items) };
      const click = () => onAction(item.action);
      return item.kind === "check" ? { label, type: "checkbox", checked: item.checked, click } : { label, click };
    });
  const paint = () => {
    if (model === null) return;
    const next = image(model.icon);
    if (next !== picture) {
      picture = next;
      tray.setImage(nativeImage.createFromPath(next));
    }
    const words = JSON.stringify([model.tooltip, model.menu]);
    if (words === shown) return;
    shown = words;
    // Also the words change with the state: GNOME may not repaint the picture (electron#54152).
    tray.setToolTip(model.tooltip);
    // Linux copies the menu when it is set, so it is set anew after each change.
    tray.setContextMenu(Menu.buildFromTemplate(template(model.menu)));
  };
  nativeTheme.on("updated", paint);
  return {
    apply(next) {
      model = next;
      paint();
    },
    dispose() {
      nativeTheme.off("updated", paint);
      tray.destroy();
    },
  };
}
