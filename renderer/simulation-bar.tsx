import { useState } from "react";
import { Button as AriaButton, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import type { AppInfo } from "../shared/snapshot.ts";
import { messageOf } from "./api/errors.ts";
import { useCall } from "./api/link-context.tsx";
import { strings } from "./strings.ts";
import { Button } from "./ui/button.tsx";
import { Icon } from "./ui/icons.tsx";
import { useToast } from "./ui/toasts.tsx";

/** The id that ends the simulation. */
export const NO_SCENARIO = "none";

/** Says that the home server is simulated, and plays an incident from the list. */
export function SimulationBar({ simulation }: { simulation: NonNullable<AppInfo["simulation"]> }) {
  const call = useCall();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const play = async (scenario: string) => {
    setBusy(true);
    try {
      await call("simulation.play", { scenario });
    } catch (error) {
      toast(messageOf(error), "error");
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="simulation" aria-label={strings.simulation.label}>
      <span className="badge badge-simulation">{strings.simulation.badge}</span>
      <p className="simulation-text">{strings.simulation.text}</p>
      <Select
        className="select"
        aria-label={strings.simulation.play}
        selectedKey={simulation.scenario}
        isDisabled={busy}
        onSelectionChange={(key) => {
          if (typeof key === "string" && key !== simulation.scenario) void play(key);
        }}
      >
        <AriaButton className="button button-plain button-small select-button">
          <SelectValue className="select-value" />
          <Icon name="chevron" size={12} />
        </AriaButton>
        <Popover className="popover popover-list" placement="bottom end">
          <ListBox className="listbox" items={simulation.scenarios}>
            {(item) => (
              <ListBoxItem className="option" id={item.id} textValue={item.title}>
                {item.title}
              </ListBoxItem>
            )}
          </ListBox>
        </Popover>
      </Select>
      <Button small look="quiet" aria-label={strings.simulation.leaveDetail} isDisabled={busy} onPress={() => play(NO_SCENARIO)}>
        {strings.simulation.leave}
      </Button>
    </section>
  );
}
