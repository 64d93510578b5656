import { FrameFault } from "./frames.ts";

const ERROR_MESSAGE = 4;
/** Fields of an error message: id, version, request, code, text, and since version 166 the reasons of a rejected order as JSON. */
const TEXT = 4;
const REJECT_JSON = 5;
const MAX_TEXT_BYTES = 2000;
/** The longest message that is read, a position in the portfolio, has twenty. */
const MAX_FIELDS = 64;

/**
 * A frame as `@stoqey/ib` 1.6.10 reads it without harm. Its decoder takes quadratic time over many fields (65,000 of them held the process for 1.1 s) and over
 * `\u` escapes, and throws out of its data handler on a reject reason that is no JSON. Nobody here places orders: the reasons are left out, the text is cut.
 * @param frame whole, length prefix included @param id its message id
 * @throws FrameFault on more fields than any message has
 */
export function readableFrame(frame: Buffer, id: number): Buffer {
  let fields = 0;
  for (let at = frame.indexOf(0, 4); at !== -1; at = frame.indexOf(0, at + 1)) {
    fields++;
    if (fields > MAX_FIELDS) throw new FrameFault("bad-frame", `a message ${id} of more than ${MAX_FIELDS} fields, where about twenty are usual`);
  }
  return id === ERROR_MESSAGE ? plainError(frame) : frame;
}

function plainError(frame: Buffer): Buffer {
  const starts = [4];
  for (let at = frame.indexOf(0, 4); at !== -1; at = frame.indexOf(0, at + 1)) starts.push(at + 1);
  const parts = starts.slice(0, -1).map((start, index) => {
    const field = frame.subarray(start, (starts[index + 1] ?? frame.length) - 1);
    if (index === REJECT_JSON) return Buffer.alloc(0);
    return index === TEXT ? field.subarray(0, MAX_TEXT_BYTES) : field;
  });
  const body = Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(1)]));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}
