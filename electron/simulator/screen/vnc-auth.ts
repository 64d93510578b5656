import { createCipheriv, timingSafeEqual } from "node:crypto";

const reverseBits = (byte: number) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) out |= 0x80 >> bit;
  return out;
};

/**
 * VNC authentication's answer: both halves of the challenge under DES, the key being the password's first 8 characters with the bits of each
 * byte reversed. Single DES is gone from OpenSSL 3: three equal keys in EDE make the same cipher; CBC over one block with a zero vector is ECB.
 */
export function vncResponse(password: string, challenge: Buffer): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, "latin1").copy(key, 0, 0, 8);
  const single = Buffer.from(key.map(reverseBits));
  const block = (part: Buffer) => {
    const cipher = createCipheriv("des-ede3-cbc", Buffer.concat([single, single, single]), Buffer.alloc(8));
    cipher.setAutoPadding(false);
    return Buffer.concat([cipher.update(part), cipher.final()]);
  };
  return Buffer.concat([block(challenge.subarray(0, 8)), block(challenge.subarray(8, 16))]);
}

export function vncAccepts(password: string, challenge: Buffer, response: Buffer): boolean {
  const wanted = vncResponse(password, challenge);
  return wanted.length === response.length && timingSafeEqual(wanted, response);
}
