/** noVNC 1.7.0 ships no types: the part that is used here, from its docs/API.md and core/rfb.js. */
declare module "@novnc/novnc" {
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: object, options?: { shared?: boolean });
    viewOnly: boolean;
    scaleViewport: boolean;
    clipViewport: boolean;
    resizeSession: boolean;
    showDotCursor: boolean;
    focusOnClick: boolean;
    background: string;
    /** 0 to 9 */
    qualityLevel: number;
    /** 0 to 9 */
    compressionLevel: number;
    disconnect(): void;
    sendCtrlAltDel(): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    focus(): void;
    blur(): void;
    clipboardPasteFrom(text: string): void;
    getImageData(): ImageData;
    toBlob(callback: (blob: Blob | null) => void, type?: string): void;

    /** Not part of its API: met by `bounded-viewer.ts` (core/rfb.js, core/websock.js, core/input/keyboard.js). */
    readonly _FBU: { readonly width: number; readonly height: number; readonly encoding: number | null };
    readonly _keyboard: {
      /** Says of each key that is held that it is up. */
      _allKeysUp(): void;
    };
    /** By bit: what the server said of its extended clipboard; empty without one. */
    readonly _clipboardServerCapabilitiesFormats: Readonly<Record<number, boolean>>;
    readonly _clipboardServerCapabilitiesActions: Readonly<Record<number, boolean>>;
    readonly _fbWidth: number;
    readonly _fbHeight: number;
    readonly _sock: {
      /** Whether more bytes are needed; goes back by that many if so. */
      rQwait(what: string, bytes: number, goBack?: number): boolean;
      rQpeekBytes(bytes: number): Uint8Array;
      rQskipBytes(bytes: number): void;
    };
    _handleMessage(): void;
    /** @returns whether all its bytes were there */
    _handleRect(): boolean;
    _handleServerCutText(): boolean;
    _resize(width: number, height: number): void;
    /** Ends the connection. */
    _fail(details: string): false;
  }
}
