/** Account numbers: U, F, I (live), with a leading D on paper; a further letter in newer ones; five to nine digits. */
export const ACCOUNT = /(?<![A-Za-z0-9])(D?)([UFI][A-Z]?)(\d{5,9})(?![A-Za-z0-9])/g;

/** Account numbers with all but the letters and the last two digits taken out: still tells two accounts apart. */
export function maskAccounts(text: string): string {
  return text.replace(ACCOUNT, (_all, paper: string, kind: string, digits: string) => `${paper}${kind}***${digits.slice(-2)}`);
}
