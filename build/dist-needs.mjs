/** What the packers of a platform want besides this project, and the variable that names one's own copy instead of a download. */
const DOWNLOADS = {
  linux: [
    ["fpm, for deb and rpm", "CUSTOM_FPM_PATH"],
    ["7zip, for tar.gz", "ELECTRON_BUILDER_7ZIP_PATH"],
    ["the AppImage tools", "APPIMAGE_TOOLS_PATH"],
  ],
  darwin: [
    ["7zip, for zip", "ELECTRON_BUILDER_7ZIP_PATH"],
    ["dmgbuild, for dmg", null],
  ],
  win32: [
    ["7zip", "ELECTRON_BUILDER_7ZIP_PATH"],
    ["NSIS", "ELECTRON_BUILDER_NSIS_DIR"],
    ["NSIS's plugins", "ELECTRON_BUILDER_NSIS_RESOURCES_DIR"],
    ["the editor of the program's name and icon", "ELECTRON_BUILDER_RCEDIT_PATH"],
  ],
};

/**
 * What stands between `npm run dist` and its packages. Pure.
 * @param facts `args`: words given to it; `online`: the download host's name is known; `env`; `kept`: what was downloaded earlier is there (Electron, tools);
 *   `programs`: those of the system that were found
 * @returns `missing`: without it nothing can be made; `args`: what electron-builder is given; `leftOut`: what is not made, in words
 */
export function distNeeds({ platform, args, online, env, kept, programs }) {
  const missing = [];
  const leftOut = [];
  if (!online) {
    if (!kept.electron && !args.some((word) => word.startsWith("-c.electronDist=")))
      missing.push("Electron itself (or a folder of it: -- -c.electronDist=DIR)");
    for (const [what, variable] of DOWNLOADS[platform] ?? [])
      if (!kept.tools && (variable === null || !env[variable])) missing.push(variable === null ? what : `${what} (or a copy of yours: ${variable})`);
  }
  const chosen = args.some((word) => !word.startsWith("-c."));
  let wanted = args;
  if (platform === "linux" && !programs.includes("rpmbuild")) {
    if (!chosen) {
      wanted = ["--linux", "AppImage", "deb", "tar.gz", ...args];
      leftOut.push("the rpm: rpmbuild is not installed (Debian, Ubuntu: apt install rpm)");
    } else if (args.includes("rpm")) missing.push("rpmbuild, for the rpm (Debian, Ubuntu: apt install rpm)");
  }
  return { missing, leftOut, args: wanted };
}
