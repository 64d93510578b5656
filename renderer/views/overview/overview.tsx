import { useGateway } from "../../selection.tsx";
import { Accounts } from "./accounts.tsx";
import { Chain } from "./chain.tsx";
import { Verdict } from "./verdict.tsx";

/** Verdict first, then the chain, then the money. */
export function Overview() {
  const { server, gateway } = useGateway();
  return (
    <div className="overview">
      <Verdict server={server} gateway={gateway} />
      <Chain lights={gateway.lights} />
      <Accounts key={`${server.id}/${gateway.id}`} server={server} gateway={gateway} />
    </div>
  );
}
