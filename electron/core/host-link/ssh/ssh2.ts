// The order matters: ssh2 has to be loaded between the two. Elsewhere only its types are imported from "ssh2".
import "./ssh2-crypto.ts";
import ssh2 from "ssh2";
import { restoreCrypto } from "./ssh2-crypto.ts";

restoreCrypto();

export { ssh2 };
