const HEAD = 0x200;
const SECTION_AT = 0x1000;
const align = (bytes: number, to: number) => Math.ceil(bytes / to) * to;

/**
 * The smallest file that Windows' tools take for a program or library (PE/COFF specification, 32 bit): one section that holds a table of exported names and
 * then `data`. It can be read and edited; there is no code in it.
 */
export function portableExecutable(options: { readonly exports?: readonly string[]; readonly data?: Buffer; readonly library?: boolean }): Buffer {
  const names = [...(options.exports ?? [])].sort();
  const table = exportTable(names);
  const body = Buffer.concat([table, options.data ?? Buffer.alloc(0)]);
  const raw = align(body.length, HEAD);
  const head = Buffer.alloc(HEAD);
  head.write("MZ", 0, "latin1");
  head.writeUInt32LE(0x40, 0x3c);
  head.write("PE\0\0", 0x40, "latin1");
  // COFF header: i386, one section, an optional header of 224 bytes, executable, 32 bit, library or not.
  head.writeUInt16LE(0x14c, 0x44);
  head.writeUInt16LE(1, 0x46);
  head.writeUInt16LE(224, 0x54);
  head.writeUInt16LE(options.library === true ? 0x2102 : 0x0102, 0x56);
  const optional = 0x58;
  head.writeUInt16LE(0x10b, optional);
  head.writeUInt32LE(raw, optional + 8);
  head.writeUInt32LE(SECTION_AT, optional + 24);
  head.writeUInt32LE(0x400000, optional + 28);
  head.writeUInt32LE(SECTION_AT, optional + 32);
  head.writeUInt32LE(HEAD, optional + 36);
  for (const at of [40, 48]) head.writeUInt16LE(6, optional + at);
  head.writeUInt32LE(SECTION_AT + align(raw, SECTION_AT), optional + 56);
  head.writeUInt32LE(HEAD, optional + 60);
  // A window program.
  head.writeUInt16LE(2, optional + 68);
  head.writeUInt32LE(16, optional + 92);
  if (names.length > 0) {
    head.writeUInt32LE(SECTION_AT, optional + 96);
    head.writeUInt32LE(table.length, optional + 100);
  }
  const section = optional + 224;
  head.write(".rdata", section, "latin1");
  head.writeUInt32LE(body.length, section + 8);
  head.writeUInt32LE(SECTION_AT, section + 12);
  head.writeUInt32LE(raw, section + 16);
  head.writeUInt32LE(HEAD, section + 20);
  head.writeUInt32LE(0x40000040, section + 36);
  return Buffer.concat([head, body], HEAD + raw);
}

/** Export directory, addresses (all of nothing), pointers to the names, ordinals, the names themselves. */
function exportTable(names: readonly string[]): Buffer {
  const [functions, pointers, ordinals] = [40, 40 + 4 * names.length, 40 + 8 * names.length];
  let text = 40 + 10 * names.length;
  const strings = Buffer.from(names.map((name) => `${name}\0`).join(""), "latin1");
  const table = Buffer.alloc(text + strings.length);
  table.writeUInt32LE(1, 16);
  for (const [at, value] of [
    [20, names.length],
    [24, names.length],
    [28, SECTION_AT + functions],
    [32, SECTION_AT + pointers],
    [36, SECTION_AT + ordinals],
  ] as const)
    table.writeUInt32LE(value, at);
  for (const [index, name] of names.entries()) {
    table.writeUInt32LE(SECTION_AT, functions + 4 * index);
    table.writeUInt32LE(SECTION_AT + text, pointers + 4 * index);
    table.writeUInt16LE(index, ordinals + 2 * index);
    text += name.length + 1;
  }
  strings.copy(table, 40 + 10 * names.length);
  return table;
}
