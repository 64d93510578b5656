import { memo } from "react";
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import type { LightSnapshot } from "../../../shared/snapshot.ts";
import { CHAIN_LIGHTS, type LightName, SIDE_LIGHTS } from "../../../shared/words.ts";
import { useSelection } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { LightShape, LightWord } from "../../ui/light-shape.tsx";
import { formatSpan, useNow } from "../../ui/time.ts";

type Lights = Readonly<Record<LightName, LightSnapshot>>;

/** The ten lights: eight in the order in which data passes, two beside it. */
export const Chain = memo(function Chain({ lights, compact = false }: { lights: Lights; compact?: boolean }) {
  return (
    <section className="chain" data-compact={compact} aria-label={strings.chain.label}>
      <ol className="chain-main">
        {CHAIN_LIGHTS.map((name) => (
          <li key={name} data-broken={lights[name].state !== "up"}>
            <Stop name={name} light={lights[name]} compact={compact} />
          </li>
        ))}
      </ol>
      <ul className="chain-side" aria-label={strings.chain.sideLabel}>
        {SIDE_LIGHTS.map((name) => (
          <li key={name}>
            <Stop name={name} light={lights[name]} compact={compact} />
          </li>
        ))}
      </ul>
    </section>
  );
});

function Stop({ name, light, compact }: { name: LightName; light: LightSnapshot; compact: boolean }) {
  const { name: title } = strings.lights[name];
  return (
    <DialogTrigger>
      <AriaButton className="stop">
        <LightShape state={light.state} size={compact ? 12 : 18} />
        <span className="stop-name">{title}</span>
        <span className="visually-hidden">{strings.states[light.state]}</span>
        <span className={compact ? "visually-hidden" : "stop-word"} data-state={light.state}>
          {light.word}
        </span>
      </AriaButton>
      <Popover className="popover" placement="bottom" offset={4}>
        <Dialog className="stop-card">
          <StopCard name={name} light={light} compact={compact} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function StopCard({ name, light, compact }: { name: LightName; light: LightSnapshot; compact: boolean }) {
  const now = useNow();
  const { show } = useSelection();
  const { name: title, what } = strings.lights[name];
  return (
    <>
      <Heading slot="title" className="stop-title">
        {title} <LightWord state={light.state} />
      </Heading>
      <p className="quiet">{what}</p>
      <p>{light.detail}</p>
      <p className="quiet">
        {light.word} · {strings.verdict.since(formatSpan(now - light.since))}
        {light.latencyMs !== undefined && ` · ${strings.rail.latency(light.latencyMs)}`}
      </p>
      <div className="actions">
        <Button small onPress={() => show("diagnosis")}>
          {strings.chain.evidence}
        </Button>
        {/* Compact, the chain stands beside the screen. */}
        {!compact && (
          <Button small onPress={() => show("screen")}>
            {strings.guide.title}
          </Button>
        )}
      </div>
    </>
  );
}
