import type { GatewaySnapshot, ServerSnapshot, Snapshot } from "../shared/snapshot.ts";
import { VIEWS } from "./route.ts";
import { useSelection } from "./selection.tsx";
import { strings } from "./strings.ts";
import { IconButton } from "./ui/button.tsx";
import { Icon } from "./ui/icons.tsx";
import { LightShape } from "./ui/light-shape.tsx";
import { useMasking } from "./ui/masking.tsx";
import { ModeBadge } from "./ui/mode-badge.tsx";
import { useShortcutHelp } from "./ui/shortcuts.tsx";
import { useTheme } from "./ui/theme.ts";

export function Rail({ snapshot }: { snapshot: Snapshot }) {
  return (
    <nav className="rail" aria-label={strings.rail.label}>
      <div className="rail-servers">
        {snapshot.servers.map((server) => (
          <ServerGroup key={server.id} server={server} />
        ))}
        <AddServer />
      </div>
      <ViewList disabled={snapshot.servers.length === 0} />
      <RailFoot />
    </nav>
  );
}

function ServerGroup({ server }: { server: ServerSnapshot }) {
  return (
    <section className="rail-group" aria-label={server.name}>
      <ul className="rail-list">
        {server.gateways.map((gateway) => (
          <GatewayRow key={gateway.id} server={server} gateway={gateway} />
        ))}
      </ul>
      <p className="rail-server">
        <LightShape state={server.light} size={10} />
        <span className="rail-server-name" title={server.host}>
          {server.name}
        </span>
        <span className="rail-server-word">
          {server.link.latencyMs === undefined
            ? server.reach === "local"
              ? strings.rail.onThisMachine
              : server.link.word
            : strings.rail.latency(server.link.latencyMs)}
        </span>
      </p>
    </section>
  );
}

function GatewayRow({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const selection = useSelection();
  const chosen = selection.gateway === gateway && selection.route.view !== "settings";
  return (
    <li>
      <button
        type="button"
        className="rail-gateway"
        data-chosen={chosen}
        aria-current={chosen ? "true" : undefined}
        onClick={() => selection.select(server.id, gateway.id)}
      >
        <LightShape state={gateway.light} size={16} />
        <span className="rail-gateway-name">{gateway.name}</span>
        <ModeBadge mode={gateway.mode} />
        <span className="rail-gateway-word" data-state={gateway.light}>
          {strings.states[gateway.light]}
        </span>
      </button>
    </li>
  );
}

function AddServer() {
  return (
    <a className="rail-add" href="#/settings/new">
      <Icon name="plus" size={14} />
      {strings.rail.addServer}
    </a>
  );
}

function ViewList({ disabled }: { disabled: boolean }) {
  const { route, show } = useSelection();
  return (
    <ul className="rail-list rail-views" aria-label={strings.rail.views}>
      {VIEWS.map((view, index) => (
        <li key={view}>
          <button
            type="button"
            className="rail-view"
            aria-current={route.view === view ? "page" : undefined}
            disabled={disabled && view !== "settings" && view !== "overview"}
            aria-keyshortcuts={String(index + 1)}
            onClick={() => show(view)}
          >
            <Icon name={view} />
            <span>{strings.views[view]}</span>
            <kbd>{index + 1}</kbd>
          </button>
        </li>
      ))}
    </ul>
  );
}

function RailFoot() {
  const { masked, toggle } = useMasking();
  const { theme, next } = useTheme();
  const help = useShortcutHelp();
  return (
    <div className="rail-foot">
      <IconButton label={masked ? strings.rail.unmask : strings.rail.mask} onPress={toggle}>
        <Icon name={masked ? "eye-off" : "eye"} />
      </IconButton>
      <IconButton label={strings.rail.theme[theme]} onPress={next}>
        <Icon name="contrast" />
      </IconButton>
      <IconButton label={strings.rail.keys} onPress={help.open}>
        <Icon name="keyboard" />
      </IconButton>
    </div>
  );
}
