import { describe, expect, it } from "vitest";
import { maskAccount } from "../../../renderer/ui/masking.tsx";
import { formatAt, formatCountdown, formatSpan } from "../../../renderer/ui/time.ts";
import { hasTwoColours } from "../../../renderer/views/screen/painted.ts";
import { CHORDS, sendChord } from "../../../renderer/views/screen/viewer-settings.ts";

describe("ages and masks", () => {
  it("say spans in one unit", () => {
    expect([-5, 0, 999, 1000, 89_000, 90_000, 5_399_000, 5_400_000, 172_800_000].map(formatSpan)).toEqual([
      "now",
      "now",
      "now",
      "1 s",
      "89 s",
      "1 min",
      "89 min",
      "1 h",
      "2 d",
    ]);
  });
  it("count down to zero and not below", () => {
    expect([161_000, 160_001, 500, 0, -1].map(formatCountdown)).toEqual(["2:41", "2:41", "0:01", "0:00", "0:00"]);
  });
  it("name the day of what is not of today", () => {
    const now = Date.UTC(2026, 10, 22, 12);
    expect(formatAt(now - 60_000, now)).not.toMatch(/Nov/);
    expect(formatAt(now - 86_400_000, now)).toMatch(/21/);
  });
  it("leave of an account number no more than tells accounts apart", () => {
    expect(maskAccount("DU1234567", true)).toBe("DU•••67");
    expect(maskAccount("DU1234567", false)).toBe("DU1234567");
  });
});

describe("the screen", () => {
  it("counts as painted with a second colour", () => {
    expect(hasTwoColours(new Uint32Array(16))).toBe(false);
    expect(hasTwoColours(new Uint32Array([1, 1, 2]))).toBe(true);
  });
  it("releases keys in reverse order", () => {
    const sent: [number, boolean | undefined][] = [];
    sendChord({ sendKey: (keysym, _code, down) => sent.push([keysym, down]) }, "alt-f4");
    const [[alt], [f4]] = CHORDS["alt-f4"];
    expect(sent).toEqual([
      [alt, true],
      [f4, true],
      [f4, false],
      [alt, false],
    ]);
  });
});
