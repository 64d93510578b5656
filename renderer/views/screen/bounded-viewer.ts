import type RFB from "@novnc/novnc";

/** Two screens of 4K side by side, or one of 5K. noVNC keeps two canvases of that size, and six buffers to unpack into. */
const MAX_PIXELS = 4096 * 4096;
/** Canvases end there in Chromium. */
const MAX_SIDE = 16_384;
const MAX_CURSOR_SIDE = 256;
/** Pixels of all new sizes within a second: noVNC copies the picture at each. Sixteen changes of a usual screen, two of the largest. */
const MAX_RESIZED = 2 * MAX_PIXELS;
const MAX_RESIZES = 60;
/** Unpacked it may be a thousand times as long, and noVNC puts the text together letter by letter. */
const MAX_PACKED_CLIPBOARD = 8 * 1024;
/** RFB encodings of the size of a pointer's picture, and the one negative number that is a picture (TightPNG). */
const CURSORS: ReadonlySet<number> = new Set([-239, 0x574d5664]);
const TIGHT_PNG = -260;
/** Bits of the extended clipboard that noVNC looks for before it sends UTF-8; without them it sends Latin-1, and a question mark for the rest. */
const CLIPBOARD_TEXT = 1;
const CLIPBOARD_NOTIFY = 1 << 27;

/** noVNC with limits to what a server may make it hold. */
export interface BoundedViewer extends RFB {
  /** Why the server's bytes could not be read; empty while they can. */
  readonly fault: string;
  /** Sends text to the remote clipboard. @returns whether all of its characters could be sent */
  paste(text: string): boolean;
  /** Lets go of every key that is held there: noVNC does so when the window loses the focus, but not when its picture does. */
  releaseKeys(): void;
}
export type BoundedViewerMaker = new (...args: ConstructorParameters<typeof RFB>) => BoundedViewer;

/**
 * noVNC 1.7.0 believes a server's sizes: a rectangle may be larger than the picture, a resize may ask for 65535 × 65535, a packed clipboard
 * nobody asked for may unpack to gigabytes. It has no setting for any of it, so its inner methods are met here; the version is pinned.
 * Fires `cliptoolong` for a clipboard that was left out.
 */
export function boundViewer(Viewer: typeof RFB): BoundedViewerMaker {
  return class extends Viewer {
    fault = "";
    #resizes: { readonly at: number; readonly pixels: number }[] = [];

    /** What is thrown after a pause for drawing would reach nobody, and the picture would stand still for ever. */
    override _handleMessage(): void {
      try {
        super._handleMessage();
      } catch (error) {
        this.fault = `the picture could not be read: ${error instanceof Error ? error.message : String(error)}`;
        this._fail(this.fault);
      }
    }

    paste(text: string): boolean {
      const whole = this._clipboardServerCapabilitiesFormats[CLIPBOARD_TEXT] && this._clipboardServerCapabilitiesActions[CLIPBOARD_NOTIFY];
      this.clipboardPasteFrom(text);
      return whole === true || !/[^\0-\xff]/u.test(text);
    }

    releaseKeys(): void {
      this._keyboard._allKeysUp();
    }

    override _resize(width: number, height: number): void {
      if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
        throw new Error(`a size of ${width} × ${height} pixels`);
      const now = performance.now();
      this.#resizes = [...this.#resizes.filter(({ at }) => now - at < 1000), { at: now, pixels: width * height }];
      if (this.#resizes.length > MAX_RESIZES || this.#resizes.reduce((sum, { pixels }) => sum + pixels, 0) > MAX_RESIZED)
        throw new Error(`${this.#resizes.length} changes of size within a second`);
      super._resize(width, height);
    }

    override _handleRect(): boolean {
      const { width, height, encoding } = this._FBU;
      const picture = encoding === TIGHT_PNG || (encoding !== null && encoding >= 0 && !CURSORS.has(encoding));
      if (picture && width * height > this._fbWidth * this._fbHeight) throw new Error(`a rectangle of ${width} × ${height} pixels, larger than the picture`);
      if (encoding !== null && CURSORS.has(encoding) && Math.max(width, height) > MAX_CURSOR_SIDE) throw new Error(`a pointer of ${width} × ${height} pixels`);
      return super._handleRect();
    }

    override _handleServerCutText(): boolean {
      // Message type is read already; 3 bytes of padding and a signed length follow, negative for the packed kind.
      if (this._sock.rQwait("ServerCutText header", 7, 1)) return false;
      const head = this._sock.rQpeekBytes(7);
      const length = -new DataView(head.buffer, head.byteOffset).getInt32(3);
      if (length <= MAX_PACKED_CLIPBOARD) return super._handleServerCutText();
      if (this._sock.rQwait("ServerCutText content", 7 + length, 1)) return false;
      this._sock.rQskipBytes(7 + length);
      this.dispatchEvent(new CustomEvent("cliptoolong"));
      return true;
    }
  };
}
