import { useState } from "react";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { LightShape } from "../../ui/light-shape.tsx";

/** The first page: two ways on. */
export function Welcome() {
  const call = useCall();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const simulate = async () => {
    setBusy(true);
    setFault(null);
    try {
      await call("simulation.play", { scenario: "healthy" });
    } catch (error) {
      setFault(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="welcome">
      <p className="welcome-lights" aria-hidden="true">
        <LightShape state="up" size={20} />
        <LightShape state="degraded" size={20} />
        <LightShape state="down" size={20} />
      </p>
      <h1>{strings.welcome.title}</h1>
      <p className="welcome-lead">{strings.welcome.lead}</p>
      <div className="welcome-ways">
        <section className="panel">
          <h2>{strings.welcome.add}</h2>
          <p>{strings.welcome.addDetail}</p>
          <Button
            look="primary"
            onPress={() => {
              window.location.hash = "#/settings/new";
            }}
          >
            {strings.welcome.add}
          </Button>
        </section>
        <section className="panel">
          <h2>{strings.welcome.simulate}</h2>
          <p>{strings.welcome.simulateDetail}</p>
          <Button onPress={simulate} isDisabled={busy}>
            {busy ? strings.welcome.starting : strings.welcome.simulate}
          </Button>
        </section>
      </div>
      {fault !== null && (
        <p className="inline-error" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
