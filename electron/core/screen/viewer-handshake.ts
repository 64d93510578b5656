/**
 * The server's part of an RFB 3.8 handshake without password (RFC 6143 §7.1 to §7.3), played to our own viewer: the real log-in is done.
 * What follows ClientInit is passed on.
 */
export interface ViewerHandshake {
  /** What to say before the viewer says anything. */
  readonly opening: Buffer;
  /** Takes the viewer's next bytes. @throws Error when they are not what a viewer says */
  take(bytes: Uint8Array): { readonly reply: Buffer; readonly passOn: Uint8Array };
  /** ServerInit was said: the picture may follow. */
  readonly done: boolean;
}

const VERSION = "RFB 003.008\n";
const NONE = 1;

export function createViewerHandshake(serverInit: Buffer): ViewerHandshake {
  let step: "version" | "security" | "init" | "done" = "version";
  let held = Buffer.alloc(0);
  return {
    opening: Buffer.from(VERSION, "latin1"),
    get done() {
      return step === "done";
    },
    take(bytes) {
      if (step === "done") return { reply: Buffer.alloc(0), passOn: bytes };
      held = Buffer.concat([held, bytes]);
      const replies: Buffer[] = [];
      if (step === "version" && held.length >= VERSION.length) {
        if (held.subarray(0, VERSION.length).toString("latin1") !== VERSION) throw new Error("the viewer does not speak RFB 3.8");
        held = held.subarray(VERSION.length);
        replies.push(Buffer.from([1, NONE]));
        step = "security";
      }
      if (step === "security" && held.length >= 1) {
        if (held[0] !== NONE) throw new Error("the viewer chose a security type that was not offered");
        held = held.subarray(1);
        replies.push(Buffer.from([0, 0, 0, 0]));
        step = "init";
      }
      if (step === "init" && held.length >= 1) {
        const passOn = held.subarray(1);
        held = Buffer.alloc(0);
        step = "done";
        return { reply: Buffer.concat([...replies, serverInit]), passOn };
      }
      return { reply: Buffer.concat(replies), passOn: Buffer.alloc(0) };
    },
  };
}
