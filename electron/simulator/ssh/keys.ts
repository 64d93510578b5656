import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

export interface SshKey {
  /** OpenSSH private key file. */
  readonly privateText: string;
  /** "ssh-ed25519 AAAA…" */
  readonly publicText: string;
  readonly publicBlob: Buffer;
  /** "SHA256:…" as OpenSSH prints it. */
  readonly fingerprint: string;
}

const text = (value: Buffer | string): Buffer => {
  const body = Buffer.from(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
};

/**
 * A fresh ed25519 key in OpenSSH's own format (PROTOCOL.key). Written here because ssh2's generateKeyPairSync("ed25519") now and then
 * drops a leading zero byte and gives a key that it cannot read itself.
 */
export function makeSshKey(comment: string): SshKey {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const publicKey = Buffer.from(jwk.x ?? "", "base64url");
  const secret = Buffer.from(jwk.d ?? "", "base64url");
  const publicBlob = Buffer.concat([text("ssh-ed25519"), text(publicKey)]);
  const check = randomBytes(4);
  let inner = Buffer.concat([check, check, publicBlob, text(Buffer.concat([secret, publicKey])), text(comment)]);
  const padding = (8 - (inner.length % 8)) % 8;
  inner = Buffer.concat([inner, Buffer.from(Array.from({ length: padding }, (_unused, index) => index + 1))]);
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const file = Buffer.concat([Buffer.from("openssh-key-v1\0"), text("none"), text("none"), text(""), one, text(publicBlob), text(inner)]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateText: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicText: `ssh-ed25519 ${publicBlob.toString("base64")} ${comment}`,
    publicBlob,
    fingerprint: `SHA256:${createHash("sha256").update(publicBlob).digest("base64").replace(/=+$/, "")}`,
  };
}
