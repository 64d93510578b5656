import { StringDecoder } from "node:string_decoder";

const MAX_LINE = 64 * 1024;

/** Cuts a byte stream into UTF-8 lines without their end (`\n` or `\r\n`). Lines over 64 KiB are cut there; the rest of such a line is dropped. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #open = "";
  #cutting = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Gives out what stands after the last line end. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#open !== "") this.#emit(this.#open);
    this.#open = "";
    this.#cutting = false;
  }

  #take(text: string): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#grow(text.slice(from, at));
      if (!this.#cutting || this.#open !== "") this.#emit(this.#open);
      this.#open = "";
      this.#cutting = false;
      from = at + 1;
    }
    this.#grow(text.slice(from));
  }

  #grow(text: string): void {
    if (this.#cutting) return;
    this.#open += text;
    if (this.#open.length <= MAX_LINE) return;
    this.#open = this.#open.slice(0, MAX_LINE);
    this.#cutting = true;
  }

  #emit(line: string): void {
    this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
