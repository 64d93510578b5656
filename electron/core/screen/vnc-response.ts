import { createCipheriv } from "node:crypto";

/** Of a VNC password only so many bytes count (RFC 6143 §7.2.2). */
export const VNC_PASSWORD_BYTES = 8;

/**
 * The answer to a 16-byte challenge of VNC authentication: DES in ECB mode, the key being the password's first 8 bytes with the bits of
 * each reversed (RFC 6143 §7.2.2 and its errata). Single DES is missing in OpenSSL 3; triple DES with one key thrice is the same.
 */
export function vncResponse(password: string, challenge: Uint8Array): Buffer {
  const key = Buffer.alloc(VNC_PASSWORD_BYTES);
  Buffer.from(password, "utf8").copy(key);
  const reversed = key.map(reverseBits);
  const cipher = createCipheriv("des-ede3-ecb", Buffer.concat([reversed, reversed, reversed]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) reversed |= 128 >> bit;
  return reversed;
}
