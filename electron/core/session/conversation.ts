import type { IBApi } from "@stoqey/ib/dist/api/api.js";
import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import { parseAccounts } from "./account-book.ts";
import { FrameFault, FrameReader, messageId, parseVersionReply } from "./frames.ts";
import { createLibraryLink, type LibraryLink } from "./library-link.ts";
import { MONEY_MESSAGES, type MoneyMessage, parseMoneyMessage } from "./money-message.ts";
import { checkOutbound } from "./outbound-guard.ts";
import { readableFrame } from "./readable-frame.ts";

/** Inbound messages that the library reads; others (orders of other programs, market data) are not even decoded. */
const LIBRARY_MESSAGES: ReadonlySet<number> = new Set([4, 6, 8, 9, 15, 54, 62, 63, 64]);
/** What is decoded is kept short; see `readableFrame`. */
const MAX_READ_BYTES = 65_536;
const REQUEST_CURRENT_TIME = 49;
const CURRENT_TIME = 49;
/** Its version is 1. */
const TIME_QUESTION = Buffer.from("\0\0\0\x05" + "49\0" + "1\0", "latin1");
/** Of one connection, in the log. */
const MAX_ODD_LINES = 20;
/** `@stoqey/ib` tells its own decoding errors with codes 501 to 599. */
const isLibraryCode = (code: number) => code > 500 && code < 600;
const words = (error: unknown) => (error instanceof Error ? error.message : String(error));

export interface ConversationEvents {
  onVersion(): void;
  /** The accounts or the next order id came. */
  onStarted(): void;
  onMoney(message: MoneyMessage): void;
  onNotice(code: number, text: string): void;
  onTimeAsked(): void;
  onTimeAnswered(): void;
  /** Nothing sensible can be said or read any more. */
  onFault(fault: FrameFault): void;
}

/** What is said on one open connection: which bytes may leave, which are read, and by whom. It keeps no time and closes nothing. */
export class Conversation {
  private readonly reader = new FrameReader();
  private readonly library: LibraryLink;
  private greeted = false;
  private over = false;
  private oddLines = 0;
  serverVersion: number | null = null;
  accounts: readonly string[] | null = null;
  hasNextId = false;

  /** @throws Error when the library's private shape is not the known one */
  constructor(
    clientId: number,
    private readonly write: (bytes: Buffer) => void,
    private readonly events: ConversationEvents,
    private readonly log: (line: string) => void,
  ) {
    this.library = createLibraryLink(clientId, (bytes) => this.send(bytes));
    this.listen(this.library.api);
  }

  get api(): IBApi {
    return this.library.api;
  }

  /** Sends the hello. */
  open(): void {
    this.library.open();
  }

  /** Asks for the gateway's time; not through the library, which would hold the question back for a turn of its rate limiter. */
  askTime(): void {
    this.send(TIME_QUESTION);
  }

  take(chunk: Buffer): void {
    if (this.over) return;
    try {
      this.reader.push(chunk, (frame) => this.onFrame(frame));
    } catch (error) {
      const fault = error instanceof FrameFault ? error : new FrameFault("bad-frame", `a message could not be read: ${words(error)}`.slice(0, 300));
      this.events.onFault(fault);
    }
  }

  /** What the bytes mean that no whole message was made of; `null` when not one came. */
  unfinished(): FrameFault | null {
    return this.reader.unfinished();
  }

  /** Nothing is sent, read or told from then on. */
  end(): void {
    this.over = true;
    this.library.cut();
  }

  private send(bytes: Buffer): void {
    if (this.over) return;
    try {
      const id = checkOutbound(bytes, !this.greeted);
      this.greeted = true;
      if (id === REQUEST_CURRENT_TIME) this.events.onTimeAsked();
      this.write(bytes);
    } catch (error) {
      this.log(words(error));
      this.events.onFault(new FrameFault("bad-frame", words(error)));
    }
  }

  /** @returns whether more is wanted */
  private onFrame(frame: Buffer): boolean {
    if (this.serverVersion === null) {
      this.serverVersion = parseVersionReply(frame).serverVersion;
      this.events.onVersion();
      this.library.deliver(frame);
      return !this.over;
    }
    const id = messageId(frame);
    if (id === CURRENT_TIME) {
      this.events.onTimeAnswered();
      return !this.over;
    }
    const money = MONEY_MESSAGES.has(id);
    if (!money && !LIBRARY_MESSAGES.has(id)) return !this.over;
    if (frame.length > MAX_READ_BYTES) throw new FrameFault("bad-frame", `a message of ${frame.length} bytes, where a few hundred are usual`);
    const readable = readableFrame(frame, id);
    if (money) this.takeMoney(readable, id, this.serverVersion);
    else this.library.deliver(readable);
    return !this.over;
  }

  private takeMoney(frame: Buffer, id: number, serverVersion: number): void {
    let message: MoneyMessage;
    try {
      message = parseMoneyMessage(frame, id, serverVersion);
    } catch (error) {
      this.logOdd(words(error));
      return;
    }
    this.events.onMoney(message);
  }

  private listen(api: IBApi): void {
    api.on(EventName.managedAccounts, (list: string) => {
      this.accounts = parseAccounts(list);
      this.events.onStarted();
    });
    api.on(EventName.nextValidId, () => {
      this.hasNextId = true;
      this.events.onStarted();
    });
    api.on(EventName.info, (text: string, code: number) => this.events.onNotice(code, text));
    api.on(EventName.error, (error: unknown, code: unknown) => {
      if (!(error instanceof Error) || typeof code !== "number") return;
      if (isLibraryCode(code)) this.logOdd(`the API library says ${code}: ${error.message}`);
      else this.events.onNotice(code, error.message);
    });
  }

  private logOdd(line: string): void {
    if (++this.oddLines <= MAX_ODD_LINES) this.log(line.slice(0, 300));
  }
}
