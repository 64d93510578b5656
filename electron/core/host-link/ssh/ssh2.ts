// The order matters: ssh2 has to be loaded between the two. Elsewhere only its types are imported from "ssh2".
import "./cipher-keys.ts";
import ssh2 from "ssh2";
import { restoreCipherMakers } from "./cipher-keys.ts";

restoreCipherMakers();

export { ssh2 };
