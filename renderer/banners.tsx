import { useLink, useLinkState } from "./api/link-context.tsx";
import { strings } from "./strings.ts";
import { Button } from "./ui/button.tsx";
import { Icon } from "./ui/icons.tsx";

export function LinkBanner() {
  const link = useLink();
  const state = useLinkState();
  if (state.kind === "open") return null;
  return (
    <div className="banner banner-error" role="alert">
      <Icon name="warning" />
      <p>
        <strong>{state.kind === "connecting" ? strings.link.connecting : strings.link.lost}</strong>{" "}
        {state.kind === "lost" && state.fatal ? strings.link.fatal : strings.link.stale}
      </p>
      {state.kind === "lost" && !state.fatal && (
        <Button small onPress={() => link.retry()}>
          {strings.retry}
        </Button>
      )}
    </div>
  );
}
