export interface PbkdfInput {
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly length: number;
}
export type Sha512 = (data: Uint8Array) => Uint8Array;

/**
 * OpenBSD's bcrypt_pbkdf(3), with which OpenSSH guards private keys. It takes 0.1 to 3 s, so it runs in a worker thread as source text
 * (`bcryptPbkdf.toString()`): a worker file would get lost when everything is bundled into one. Hence nothing from outside may be used
 * inside; even Blowfish's tables are computed here, since they are the hexadecimal digits of pi.
 */
export function bcryptPbkdf(input: PbkdfInput, sha512: Sha512): Uint8Array {
  const P_WORDS = 18;
  const WORDS = P_WORDS + 4 * 256;

  function piWords(): Int32Array {
    const bits = BigInt(WORDS * 32);
    const guard = 64n;
    const one = 1n << (bits + guard);
    const arctanInverse = (x: bigint): bigint => {
      let power = one / x;
      let sum = power;
      for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
        power /= x * x;
        sum += (sign * power) / n;
      }
      return sum;
    };
    const fraction = ((16n * arctanInverse(5n) - 4n * arctanInverse(239n)) >> guard) & ((1n << bits) - 1n);
    const hex = fraction.toString(16).padStart(WORDS * 8, "0");
    const words = new Int32Array(WORDS);
    for (let i = 0; i < WORDS; i++) words[i] = Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16) | 0;
    return words;
  }

  const initial = piWords();
  const state = new Int32Array(WORDS);
  let left = 0;
  let right = 0;

  function encipher(): void {
    const w = state;
    let l = left ^ (w[0] as number);
    let r = right;
    for (let i = 1; i <= 16; i += 2) {
      r ^=
        ((((((w[18 + (l >>> 24)] as number) + (w[274 + ((l >>> 16) & 255)] as number)) | 0) ^ (w[530 + ((l >>> 8) & 255)] as number)) +
          (w[786 + (l & 255)] as number)) |
          0) ^
        (w[i] as number);
      l ^=
        ((((((w[18 + (r >>> 24)] as number) + (w[274 + ((r >>> 16) & 255)] as number)) | 0) ^ (w[530 + ((r >>> 8) & 255)] as number)) +
          (w[786 + (r & 255)] as number)) |
          0) ^
        (w[i + 1] as number);
    }
    left = r ^ (w[17] as number);
    right = l;
  }

  function toWords(bytes: Uint8Array): Int32Array {
    const words = new Int32Array(bytes.length / 4);
    for (let i = 0; i < words.length; i++) {
      words[i] = ((bytes[4 * i] as number) << 24) | ((bytes[4 * i + 1] as number) << 16) | ((bytes[4 * i + 2] as number) << 8) | (bytes[4 * i + 3] as number);
    }
    return words;
  }

  function expand(key: Int32Array, data: Int32Array | null): void {
    for (let i = 0; i < P_WORDS; i++) state[i] = (state[i] as number) ^ (key[i % key.length] as number);
    left = 0;
    right = 0;
    let d = 0;
    for (let i = 0; i < WORDS; i += 2) {
      if (data !== null) {
        left ^= data[d] as number;
        right ^= data[(d + 1) % data.length] as number;
        d = (d + 2) % data.length;
      }
      encipher();
      state[i] = left;
      state[i + 1] = right;
    }
  }

  const magic = toWords(Uint8Array.from("OxychromaticBlowfishSwatDynamite", (letter) => letter.charCodeAt(0)));

  function bcryptHash(pass: Uint8Array, salt: Uint8Array): Uint8Array {
    const passWords = toWords(pass);
    const saltWords = toWords(salt);
    state.set(initial);
    expand(passWords, saltWords);
    for (let i = 0; i < 64; i++) {
      expand(saltWords, null);
      expand(passWords, null);
    }
    const out = new Uint8Array(32);
    for (let block = 0; block < 8; block += 2) {
      left = magic[block] as number;
      right = magic[block + 1] as number;
      for (let i = 0; i < 64; i++) encipher();
      [left, right].forEach((word, half) => {
        for (let byte = 0; byte < 4; byte++) out[(block + half) * 4 + byte] = (word >>> (8 * byte)) & 255;
      });
    }
    return out;
  }

  const key = new Uint8Array(input.length);
  const pass = sha512(input.passphrase);
  const stride = Math.ceil(input.length / 32);
  const amount = Math.ceil(input.length / stride);
  for (let count = 1, left0 = input.length; left0 > 0; count++) {
    const counted = new Uint8Array(input.salt.length + 4);
    counted.set(input.salt);
    counted.set([count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255], input.salt.length);
    let block = bcryptHash(pass, sha512(counted));
    const out = block.slice();
    for (let round = 1; round < input.rounds; round++) {
      block = bcryptHash(pass, sha512(block));
      for (let i = 0; i < 32; i++) out[i] = (out[i] as number) ^ (block[i] as number);
    }
    let written = 0;
    for (; written < Math.min(amount, left0); written++) {
      const at = written * stride + (count - 1);
      if (at >= input.length) break;
      key[at] = out[written] as number;
    }
    left0 -= written;
    if (written === 0) break;
  }
  return key;
}
