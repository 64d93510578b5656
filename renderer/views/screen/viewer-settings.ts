export const PICTURES = {
  sharp: { quality: 9, compression: 1 },
  balanced: { quality: 6, compression: 2 },
  small: { quality: 2, compression: 8 },
} as const;
export type Picture = keyof typeof PICTURES;

export interface ViewerSettings {
  readonly viewOnly: boolean;
  readonly scale: "fit" | "actual";
  readonly picture: Picture;
}

/** X11 keysyms and DOM codes, pressed in order and released in reverse. */
export const CHORDS = {
  "alt-f4": [
    [0xffe9, "AltLeft"],
    [0xffc1, "F4"],
  ],
  escape: [[0xff1b, "Escape"]],
  tab: [[0xff09, "Tab"]],
} as const satisfies Record<string, readonly (readonly [number, string])[]>;
export type Chord = keyof typeof CHORDS;

export function sendChord(viewer: { sendKey(keysym: number, code: string | null, down?: boolean): void }, chord: Chord): void {
  const keys = CHORDS[chord];
  for (const [keysym, code] of keys) viewer.sendKey(keysym, code, true);
  for (const [keysym, code] of [...keys].reverse()) viewer.sendKey(keysym, code, false);
}
