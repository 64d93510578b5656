import { createDecipheriv, createPrivateKey, getCiphers } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { deriveKey } from "./derive-key.ts";
import { keyType } from "./known-hosts.ts";
import { openPkcs8 } from "./open-pkcs8.ts";
import { ssh2 } from "./ssh2.ts";

export type OpenedKey =
  | { readonly kind: "private"; readonly key: ParsedKey }
  /** Only the public half: the private one is in an agent or a token. */
  | { readonly kind: "public"; readonly key: ParsedKey }
  /** `public` is known where the format shows it without the passphrase. */
  | { readonly kind: "locked"; readonly public: ParsedKey | null }
  | { readonly kind: "unusable"; readonly why: string };

export type UnlockedKey =
  | { readonly kind: "private"; readonly key: ParsedKey }
  | { readonly kind: "wrong" }
  | { readonly kind: "unusable"; readonly why: string };

const CHACHA = "chacha20-poly1305";
const MAGIC = "openssh-key-v1\0";
/** OpenSSH's cipher names with what node:crypto calls them; lengths in bytes. */
const CIPHERS: Readonly<Record<string, { readonly name: string; readonly key: number; readonly iv: number; readonly tag: number }>> = {
  "aes128-ctr": { name: "aes-128-ctr", key: 16, iv: 16, tag: 0 },
  "aes192-ctr": { name: "aes-192-ctr", key: 24, iv: 16, tag: 0 },
  "aes256-ctr": { name: "aes-256-ctr", key: 32, iv: 16, tag: 0 },
  "aes128-cbc": { name: "aes-128-cbc", key: 16, iv: 16, tag: 0 },
  "aes192-cbc": { name: "aes-192-cbc", key: 24, iv: 16, tag: 0 },
  "aes256-cbc": { name: "aes-256-cbc", key: 32, iv: 16, tag: 0 },
  "aes128-gcm@openssh.com": { name: "aes-128-gcm", key: 16, iv: 12, tag: 16 },
  "aes256-gcm@openssh.com": { name: "aes-256-gcm", key: 32, iv: 12, tag: 16 },
  // Twice 32 bytes: for the content, and for a length that a key file does not have.
  "chacha20-poly1305@openssh.com": { name: CHACHA, key: 64, iv: 0, tag: 16 },
};

/** Looks at a key without a passphrase. Cheap: nothing is derived. */
export function openKey(text: string): OpenedKey {
  const body = text.trim();
  if (body.includes("-----BEGIN OPENSSH PRIVATE KEY-----")) {
    const envelope = readEnvelope(body);
    if (envelope === null) return { kind: "unusable", why: "damaged OpenSSH private key" };
    const special = unusableType(keyType(envelope.publicBlob));
    if (special !== null) return { kind: "unusable", why: special };
    if (envelope.cipher === "none") return parsed(body);
    const known = ssh2.utils.parseKey(envelope.publicBlob);
    return { kind: "locked", public: known instanceof Error ? null : known };
  }
  if (body.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) return { kind: "locked", public: null };
  if (body.includes("-----BEGIN PRIVATE KEY-----")) return fromPkcs8(body);
  const special = unusableType(/^\S+/.exec(body)?.[0] ?? "");
  if (special !== null) return { kind: "unusable", why: special };
  return parsed(body);
}

/** Opens a locked key. The expensive part runs in a worker thread. The passphrase never appears in what is returned. */
export async function unlockKey(text: string, passphrase: string): Promise<UnlockedKey> {
  const body = text.trim();
  if (body.includes("-----BEGIN OPENSSH PRIVATE KEY-----")) return unlockEnvelope(body, passphrase);
  if (body.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
    const opened = await openPkcs8(body, passphrase);
    const key: OpenedKey | null = opened === null ? null : fromPkcs8(opened);
    return key?.kind === "private" || key?.kind === "unusable" ? key : { kind: "wrong" };
  }
  // The old PEM form costs one round of MD5. ssh2 does not tell a wrong passphrase from a damaged file here; the passphrase is the likelier.
  const result = parsed(body, passphrase);
  return result.kind === "private" ? result : { kind: "wrong" };
}

function parsed(text: string, passphrase?: string): OpenedKey {
  const key = ssh2.utils.parseKey(text, passphrase);
  if (!(key instanceof Error)) return key.isPrivateKey() ? { kind: "private", key } : { kind: "public", key };
  if (/encrypted/i.test(key.message) && /no passphrase/i.test(key.message)) return { kind: "locked", public: null };
  return { kind: "unusable", why: /unsupported key format/i.test(key.message) ? "not a key in a form Gatelight can read" : key.message };
}

/** Why a key of this type cannot be used, in words for a person; `null` when it can be. */
export function unusableType(type: string): string | null {
  if (/-cert-v0\d@openssh\.com$/.test(type)) return "an OpenSSH certificate, which Gatelight cannot use (the plain key beside it can be)";
  if (type.startsWith("sk-")) return "a key on a security token (FIDO), which Gatelight cannot use; ssh in a terminal can";
  if (type === "ssh-dss") return "a DSA key, which OpenSSH servers no longer accept";
  return null;
}

interface Envelope {
  readonly cipher: string;
  readonly kdf: string;
  readonly salt: Buffer;
  readonly rounds: number;
  readonly publicBlob: Buffer;
  readonly secret: Buffer;
  readonly tag: Buffer;
}

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys (1), public key, private section, then a tag for AEAD ciphers. */
function readEnvelope(text: string): Envelope | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/.exec(text)?.[1];
  if (base64 === undefined) return null;
  const data = Buffer.from(base64, "base64");
  if (data.toString("latin1", 0, MAGIC.length) !== MAGIC) return null;
  const reader = new Reader(data, MAGIC.length);
  const cipher = reader.string()?.toString("latin1");
  const kdf = reader.string()?.toString("latin1");
  const options = reader.string();
  const count = reader.number();
  const publicBlob = reader.string();
  const secret = reader.string();
  if (cipher === undefined || kdf === undefined || options === null || count !== 1 || publicBlob === null || secret === null) return null;
  const kdfReader = new Reader(options, 0);
  const salt = kdf === "bcrypt" ? kdfReader.string() : Buffer.alloc(0);
  const rounds = kdf === "bcrypt" ? kdfReader.number() : 0;
  if (salt === null || rounds === null) return null;
  return { cipher, kdf, salt, rounds, publicBlob, secret, tag: data.subarray(reader.at) };
}

async function unlockEnvelope(text: string, passphrase: string): Promise<UnlockedKey> {
  const envelope = readEnvelope(text);
  if (envelope === null) return { kind: "unusable", why: "damaged OpenSSH private key" };
  const cipher = CIPHERS[envelope.cipher];
  if (envelope.kdf !== "bcrypt" || cipher === undefined || !getCiphers().includes(cipher.name)) {
    return { kind: "unusable", why: `encrypted with ${envelope.cipher}, which Gatelight cannot open (ssh-keygen -p -Z aes256-ctr changes it)` };
  }
  if (passphrase === "" || envelope.salt.length === 0 || envelope.rounds === 0) return { kind: "wrong" };
  const derived = Buffer.from(
    await deriveKey({ passphrase: Buffer.from(passphrase), salt: envelope.salt, rounds: envelope.rounds, length: cipher.key + cipher.iv }),
  );
  const plain = decrypt(cipher, derived, envelope);
  // Two equal numbers stand first: OpenSSH's own test of the passphrase.
  if (plain === null || plain.length < 8 || plain.readUInt32BE(0) !== plain.readUInt32BE(4)) return { kind: "wrong" };
  const bare = Buffer.concat([
    Buffer.from(MAGIC, "latin1"),
    ssh("none"),
    ssh("none"),
    ssh(""),
    Buffer.from([0, 0, 0, 1]),
    ssh(envelope.publicBlob),
    ssh(plain),
  ]);
  const lines = bare.toString("base64").replace(/(.{70})/g, "$1\n");
  const result = parsed(`-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.trimEnd()}\n-----END OPENSSH PRIVATE KEY-----\n`);
  return result.kind === "private" ? result : { kind: "unusable", why: "the opened key is of a kind Gatelight cannot use" };
}

function decrypt(cipher: { name: string; key: number; iv: number; tag: number }, derived: Buffer, envelope: Envelope): Buffer | null {
  const key = derived.subarray(0, cipher.key);
  const iv = derived.subarray(cipher.key);
  try {
    if (cipher.name === CHACHA) {
      // The key stream is that of RFC 8439 with a nonce of zeros (PROTOCOL.chacha20poly1305); the tag is reckoned otherwise and left out: the
      // two equal numbers tell a wrong passphrase.
      return createDecipheriv(CHACHA, key.subarray(0, 32), Buffer.alloc(12), { authTagLength: cipher.tag }).update(envelope.secret);
    }
    if (cipher.tag > 0) {
      const gcm = createDecipheriv(cipher.name === "aes-128-gcm" ? "aes-128-gcm" : "aes-256-gcm", key, iv, { authTagLength: cipher.tag });
      gcm.setAuthTag(envelope.tag.subarray(0, cipher.tag));
      return Buffer.concat([gcm.update(envelope.secret), gcm.final()]);
    }
    const decipher = createDecipheriv(cipher.name, key, iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(envelope.secret), decipher.final()]);
  } catch {
    // A tag that does not fit or a length that is no multiple of the block: the wrong passphrase or a damaged file.
    return null;
  }
}

/** ssh2 does not read PKCS#8, which `ssh-keygen -m PKCS8` and OpenSSL write; node:crypto turns it into what ssh2 reads. */
function fromPkcs8(text: string): OpenedKey {
  try {
    const key = createPrivateKey({ key: text, format: "pem" });
    switch (key.asymmetricKeyType) {
      case "rsa":
        return parsed(key.export({ type: "pkcs1", format: "pem" }).toString());
      case "ec":
        return parsed(key.export({ type: "sec1", format: "pem" }).toString());
      case "ed25519": {
        const jwk = key.export({ format: "jwk" });
        const seed = Buffer.from(jwk.d ?? "", "base64url");
        const point = Buffer.from(jwk.x ?? "", "base64url");
        const secret = Buffer.concat([Buffer.alloc(8), ssh("ssh-ed25519"), ssh(point), ssh(Buffer.concat([seed, point])), ssh("")]);
        const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));
        const publicBlob = Buffer.concat([ssh("ssh-ed25519"), ssh(point)]);
        const one = Buffer.from([0, 0, 0, 1]);
        const bare = Buffer.concat([
          Buffer.from(MAGIC, "latin1"),
          ssh("none"),
          ssh("none"),
          ssh(""),
          one,
          ssh(publicBlob),
          ssh(Buffer.concat([secret, padding])),
        ]);
        return parsed(`-----BEGIN OPENSSH PRIVATE KEY-----\n${bare.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`);
      }
      default:
        return { kind: "unusable", why: `a ${key.asymmetricKeyType ?? "strange"} key, which SSH has no use for` };
    }
  } catch {
    return { kind: "unusable", why: "damaged private key" };
  }
}

/** A string of the SSH wire format (RFC 4251 §5). */
function ssh(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

class Reader {
  readonly #data: Buffer;
  at: number;
  constructor(data: Buffer, at: number) {
    this.#data = data;
    this.at = at;
  }
  number(): number | null {
    if (this.at + 4 > this.#data.length) return null;
    this.at += 4;
    return this.#data.readUInt32BE(this.at - 4);
  }
  string(): Buffer | null {
    const length = this.number();
    if (length === null || this.at + length > this.#data.length) return null;
    this.at += length;
    return this.#data.subarray(this.at - length, this.at);
  }
}
