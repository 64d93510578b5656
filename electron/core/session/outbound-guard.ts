import { printable } from "./frames.ts";

/**
 * What may leave this program, by the first field of the message. Everything else is refused on the way out, so that no bug, ours or the library's,
 * can place, change or cancel an order, exercise an option or change a setting. Ids as in IBKR's own clients (OUT_MSG_ID).
 */
export const ALLOWED_MESSAGES: ReadonlyMap<number, string> = new Map([
  [6, "account updates"],
  [49, "current time"],
  [61, "positions"],
  [62, "account summary"],
  [63, "cancel account summary"],
  [64, "cancel positions"],
  [71, "start API"],
  [92, "profit and loss"],
  [93, "cancel profit and loss"],
  [94, "profit and loss of a position"],
  [95, "cancel profit and loss of a position"],
]);

export class ForbiddenMessage extends Error {
  override readonly name = "ForbiddenMessage";
}

const MAGIC = Buffer.from("API\0", "latin1");
const VERSIONS = /^v\d{3}\.\.\d{3}$/;
/** Our requests are short: ids, an account, a list of tags. */
const MAX_OUTBOUND_BYTES = 2048;

/**
 * @param bytes exactly one message as it would go on the wire
 * @param first the first write of a connection: the hello and nothing else
 * @returns the message id; 0 for the hello
 * @throws ForbiddenMessage for anything not on the list, several messages at once, and anything whose framing is not plain
 */
export function checkOutbound(bytes: Buffer, first: boolean): number {
  if (first) {
    const framed = bytes.length > 8 && bytes.subarray(0, 4).equals(MAGIC) && bytes.readUInt32BE(4) === bytes.length - 8;
    if (!framed || !VERSIONS.test(bytes.toString("latin1", 8))) throw new ForbiddenMessage(`refused to send as a greeting: "${printable(bytes)}"`);
    return 0;
  }
  if (bytes.length < 6 || bytes.length > MAX_OUTBOUND_BYTES || bytes.readUInt32BE(0) !== bytes.length - 4 || bytes[bytes.length - 1] !== 0) {
    throw new ForbiddenMessage(`refused to send ${bytes.length} bytes that are not one plain message`);
  }
  const end = bytes.indexOf(0, 4);
  const field = bytes.toString("latin1", 4, end);
  const id = /^[1-9]\d{0,2}$/.test(field) ? Number(field) : Number.NaN;
  if (!ALLOWED_MESSAGES.has(id)) throw new ForbiddenMessage(`refused to send message "${printable(Buffer.from(field))}": only requests that read are allowed`);
  return id;
}
