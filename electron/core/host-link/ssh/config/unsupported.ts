import type { ConfigValues } from "./config-values.ts";

/** What ssh would do differently, so that nobody wonders. Only what changes whether and where a connection gets is named. */
export function describeUnsupported(values: ConfigValues, platform: NodeJS.Platform): string[] {
  const value = (keyword: string) => values.first.get(keyword)?.words[0];
  const set = (keyword: string) => {
    const word = value(keyword)?.toLowerCase();
    return word !== undefined && word !== "no" && word !== "none" && word !== "false";
  };
  const notes: string[] = [];
  if (set("canonicalizehostname")) notes.push("CanonicalizeHostname is ignored: the name is used as it stands.");
  if (set("certificatefile")) notes.push("CertificateFile is ignored: Gatelight cannot log in with certificates.");
  if (set("pkcs11provider")) notes.push("PKCS11Provider is ignored: keys on smart cards work through an agent only.");
  if (set("knownhostscommand")) notes.push("KnownHostsCommand is never run.");
  if (set("revokedhostkeys")) notes.push("RevokedHostKeys is ignored; lines marked @revoked in known_hosts are heeded.");
  if (set("hostbasedauthentication")) notes.push("HostbasedAuthentication is ignored.");
  if (set("bindinterface")) notes.push("BindInterface is ignored.");
  const strict = value("stricthostkeychecking")?.toLowerCase();
  if (strict === "no" || strict === "off" || strict === "accept-new") {
    notes.push(`StrictHostKeyChecking ${strict} is ignored: an unknown host key is always asked about, a changed one always refused.`);
  }
  if (platform === "win32" && value("identityagent")?.toLowerCase() === "pageant") notes.push("Pageant is reached through its pipe (0.77 and later) only.");
  return notes;
}
