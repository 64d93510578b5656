/**
 * Gatelight cannot trade: every method of the API library that Gatelight does not need (orders, cancels, exercises, advisor settings, market data)
 * is cut out of the bundle, so that no code is left that could write such a message. The socket layer refuses them as well, on the way out.
 */
const KEEP_API = [
  "constructor",
  "serverVersion",
  "isConnected",
  "connect",
  "disconnect",
  "cancelAccountSummary",
  "cancelPnL",
  "cancelPnLSingle",
  "cancelPositions",
  "reqAccountSummary",
  "reqAccountUpdates",
  "reqCurrentTime",
  "reqPnL",
  "reqPnLSingle",
  "reqPositions",
];
const KEEP_ENCODER = [...KEEP_API, "emitError", "sendMsg"];
const KEEP_MESSAGES = [
  "REQ_ACCOUNT_DATA",
  "REQ_CURRENT_TIME",
  "REQ_POSITIONS",
  "REQ_ACCOUNT_SUMMARY",
  "CANCEL_ACCOUNT_SUMMARY",
  "CANCEL_POSITIONS",
  "START_API",
  "REQ_PNL",
  "CANCEL_PNL",
  "REQ_PNL_SINGLE",
  "CANCEL_PNL_SINGLE",
];
/** Must have been there: if one is not, the library changed and this list must be read again. */
const MUST_GO = ["placeOrder", "cancelOrder", "exerciseOptions", "reqGlobalCancel", "replaceFA"];

const TARGETS = [
  { file: /@stoqey[\\/]ib[\\/]dist[\\/]api[\\/]api\.js$/, className: "IBApi", keep: KEEP_API },
  { file: /@stoqey[\\/]ib[\\/]dist[\\/]core[\\/]io[\\/]encoder\.js$/, className: "Encoder", keep: KEEP_ENCODER },
];

function findClass(program, name) {
  for (const node of program.body) if (node.type === "ClassDeclaration" && node.id?.name === name) return node;
  throw new Error(`cut-orders: class ${name} is not where it was; @stoqey/ib changed`);
}

/** @returns the module's text without the methods that are not kept */
function cut(code, program, { className, keep }) {
  const gone = findClass(program, className).body.body.filter((member) => member.type === "MethodDefinition" && !keep.includes(member.key.name));
  const names = gone.map((member) => member.key.name);
  for (const name of MUST_GO) if (!names.includes(name)) throw new Error(`cut-orders: ${className}.${name} is not where it was; @stoqey/ib changed`);
  let text = code;
  for (const member of gone.toSorted((a, b) => b.start - a.start)) text = text.slice(0, member.start) + text.slice(member.end);
  return text
    .replace(/\/\*\*?[\s\S]*?\*\//g, "")
    .replace(/^ *OUT_MSG_ID\[OUT_MSG_ID\["(\w+)"\] = \d+\] = "\w+";\n/gm, (line, name) => (KEEP_MESSAGES.includes(name) ? line : ""));
}

/** A plugin for rolldown, Vite or rollup. */
export function cutOrders() {
  const seen = new Set();
  return {
    name: "cut-orders",
    transform(code, id) {
      const target = TARGETS.find(({ file }) => file.test(id.split("?")[0]));
      if (target === undefined) return null;
      seen.add(target.className);
      return { code: cut(code, this.parse(code), target), map: null };
    },
    generateBundle() {
      if (seen.size === 1) throw new Error("cut-orders: only one of the two modules of @stoqey/ib was seen");
    },
  };
}
