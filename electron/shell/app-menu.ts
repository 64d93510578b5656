import { Menu, type MenuItemConstructorOptions } from "electron";

/** macOS takes copy, paste and quit from the menu bar; elsewhere a menu would only be in the way. */
export function setAppMenu(platform: NodeJS.Platform): void {
  const roles: MenuItemConstructorOptions[] = [{ role: "appMenu" }, { role: "editMenu" }, { role: "windowMenu" }];
  Menu.setApplicationMenu(platform === "darwin" ? Menu.buildFromTemplate(roles) : null);
}
