import { describe, expect, it } from "vitest";
import { distNeeds } from "../../../build/dist-needs.mjs";

const bare = { platform: "linux", args: [], online: false, env: {}, kept: { electron: false, tools: false }, programs: [] } as const;

describe("npm run dist", () => {
  it("says all that is missing where nothing can be fetched", () => {
    expect(distNeeds(bare).missing.map((what) => what.split(" (or")[0])).toEqual([
      "Electron itself",
      "fpm, for deb and rpm",
      "7zip, for tar.gz",
      "the AppImage tools",
    ]);
    expect(distNeeds({ ...bare, platform: "win32" }).missing.join()).toContain("ELECTRON_BUILDER_NSIS_DIR");
    expect(distNeeds({ ...bare, platform: "darwin" }).missing.join()).toContain("dmgbuild");
  });
  it("wants nothing that is there: copies of one's own, or what was fetched earlier", () => {
    const env = { CUSTOM_FPM_PATH: "/f", ELECTRON_BUILDER_7ZIP_PATH: "/7", APPIMAGE_TOOLS_PATH: "/a" };
    const args = ["-c.electronDist=/electron"];
    expect(distNeeds({ ...bare, env, args, programs: ["rpmbuild"] })).toEqual({ missing: [], leftOut: [], args });
    expect(distNeeds({ ...bare, kept: { electron: true, tools: true } }).missing).toEqual([]);
    expect(distNeeds({ ...bare, online: true, programs: ["rpmbuild"] })).toEqual({ missing: [], leftOut: [], args: [] });
  });
  it("leaves the rpm out, and says so, where rpmbuild is missing; asked for by name, it is missing", () => {
    const online = { ...bare, online: true };
    expect(distNeeds(online)).toEqual({ missing: [], leftOut: [expect.stringContaining("rpmbuild")], args: ["--linux", "AppImage", "deb", "tar.gz"] });
    expect(distNeeds({ ...online, args: ["--linux", "deb"] })).toEqual({ missing: [], leftOut: [], args: ["--linux", "deb"] });
    expect(distNeeds({ ...online, args: ["--linux", "rpm"] }).missing).toEqual([expect.stringContaining("rpmbuild")]);
    expect(distNeeds({ ...online, platform: "darwin" }).leftOut).toEqual([]);
  });
});
