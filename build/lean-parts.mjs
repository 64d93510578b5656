/**
 * What the libraries load as they start and Gatelight has no use for, or not yet: agents for HTTP over SSH (Node's whole TLS with them), file transfer, and
 * the WebAssembly of ChaCha20's tag, whose compiler alone takes 4 MB. It is made when a server wants ChaCha20.
 */
const EMPTY = [/[\\/]ssh2[\\/]lib[\\/]http-agents\.js$/, /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]SFTP\.js$/];
const CRYPTO = /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto\.js$/;
const POLY1305 = /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto[\\/]poly1305\.js$/;

function replace(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`lean-parts: "${String(from).slice(0, 60)}" is not where it was; ssh2 changed`);
  return parts.join(to);
}

/** ssh2's emscripten module, made at once instead of behind a promise: for 4 KB of WebAssembly there is nothing to wait for. */
function atOnce(text) {
  const [, bytes] = /data:application\/octet-stream;base64,([\w+/=]+)/.exec(text) ?? [];
  if (bytes === undefined) throw new Error("lean-parts: the WebAssembly of ssh2 is not where it was");
  const dropped = replace(text, bytes, "");
  return replace(
    dropped,
    "module.exports = createPoly1305;",
    `module.exports = () => {
      const made = {
        instantiateWasm(imports, done) {
          const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from("${bytes}", "base64")), imports);
          done(instance);
          return instance.exports;
        },
      };
      createPoly1305(made);
      return made;
    };`,
  );
}

/** The tag's maker begins with the first of ssh2's two ChaCha20 classes that is made. */
function onDemand(text) {
  const init =
    /POLY1305_WASM_MODULE = await require\('\.\/crypto\/poly1305\.js'\)\(\);\s*(POLY1305_RESULT_MALLOC = [^;]+;)\s*(poly1305_auth = POLY1305_WASM_MODULE\.cwrap\([^;]+\);)/;
  const [all, malloc, wrap] = init.exec(text) ?? [];
  if (all === undefined) throw new Error("lean-parts: the start of ssh2's crypto.js is not where it was");
  let changed = replace(text, all, "");
  for (const name of ["ChaChaPolyCipherNative", "ChaChaPolyDecipherNative"]) {
    const at = new RegExp(`class ${name} \\{\\s*constructor\\(config\\) \\{`);
    if (!at.test(changed)) throw new Error(`lean-parts: class ${name} is not where it was; ssh2 changed`);
    changed = changed.replace(at, (begin) => `${begin}\n    poly1305();`);
  }
  return `${changed}
function poly1305() {
  if (POLY1305_WASM_MODULE !== undefined) return;
  POLY1305_WASM_MODULE = require('./crypto/poly1305.js')();
  ${malloc}
  ${wrap}
}
`;
}

/** A plugin for rolldown, Vite or rollup. */
export function leanParts() {
  return {
    name: "lean-parts",
    transform(code, id) {
      const file = id.split("?")[0];
      if (EMPTY.some((pattern) => pattern.test(file))) return { code: "module.exports = {};", map: null };
      if (CRYPTO.test(file)) return { code: onDemand(code), map: null };
      if (POLY1305.test(file)) return { code: atOnce(code), map: null };
      return null;
    },
  };
}
