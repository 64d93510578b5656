import type { GatewaySnapshot, GuideItem, ServerSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { LightShape } from "../../ui/light-shape.tsx";
import { useRepair } from "../repair/repair-context.tsx";

const MARKS: Readonly<Record<GuideItem["state"], IconName>> = { proven: "check", contradicted: "cross", open: "dot" };

/** The way to the API settings and what should be set there; ticked off by evidence, not by the person. */
export function Guide({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const { start } = useRepair();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <aside className="guide" aria-label={strings.guide.title} tabIndex={0}>
      <h2>{strings.guide.title}</h2>
      <p className="guide-light" data-state={gateway.light}>
        <LightShape state={gateway.light} size={14} />
        <span>{gateway.sentence}</span>
      </p>
      <p className="guide-path">
        {strings.guide.path.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the path is fixed, and one name stands in it twice
          <span key={index}>{part}</span>
        ))}
      </p>
      <ul className="guide-list">
        {gateway.guide.map((item) => (
          <li key={item.id} data-guide={item.state}>
            <Icon name={MARKS[item.state]} size={14} />
            <div>
              <strong>{item.title}</strong> <span className="tag">{strings.guide.states[item.state]}</span>
              <p className="quiet">{item.why}</p>
            </div>
          </li>
        ))}
      </ul>
      <p className="quiet">{strings.guide.lost}</p>
      {/* Also when all is well, which is when settings are kept: its plan says the price, and why not where it cannot be. */}
      <Button small onPress={() => start(server.id, gateway.id, "stop-and-start")}>
        {strings.guide.save}
      </Button>
      <p className="quiet">{strings.guide.grab}</p>
    </aside>
  );
}
