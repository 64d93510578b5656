import { dialog, safeStorage } from "electron";
import type { Encryptor } from "../core/secrets/keychain-secrets.ts";

/** Electron's safeStorage, by its asynchronous calls: the synchronous ones freeze the window while a keyring asks for its password. */
export function systemEncryptor(platform: NodeJS.Platform = process.platform): Encryptor {
  return {
    available: () => safeStorage.isAsyncEncryptionAvailable(),
    backend: () => (platform === "darwin" ? "keychain" : platform === "win32" ? "dpapi" : safeStorage.getSelectedStorageBackend()),
    encrypt: (text) => safeStorage.encryptStringAsync(text),
    async decrypt(data) {
      const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(data);
      return { text: result, reEncrypt: shouldReEncrypt };
    },
  };
}

/** Asked where another keychain is in use than the one that holds the secrets. Cancel keeps everything as it is. */
export async function askAboutBackend(was: string, is: string): Promise<"start-new" | "memory-only"> {
  const { response } = await dialog.showMessageBox({
    type: "question",
    title: "Gatelight",
    message: "Another keychain is in use",
    detail: `Your passwords were kept by ${was}; this session offers ${is}, which cannot open them. Nothing is deleted: they can be used again under ${was}.`,
    buttons: ["Ask me for passwords this time", `Begin anew with ${is}`],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 1 ? "start-new" : "memory-only";
}
