import type { GatewaySettings } from "../../../shared/settings.ts";
import { strings } from "../../strings.ts";
import { Field } from "../../ui/fields.tsx";
import type { Faults } from "./faults.ts";

interface Props {
  gateway: GatewaySettings;
  path: string;
  faults: Faults;
  onChange: (gateway: GatewaySettings) => void;
}

/** Empty means: find out by looking. */
const orNull = (text: string) => (text.trim() === "" ? null : text.trim());

export function GatewayMore({ gateway, path, faults, onChange }: Props) {
  const { endpoints, mcp, compose } = gateway;
  const setCompose = (part: Partial<NonNullable<GatewaySettings["compose"]>>) => onChange({ ...gateway, compose: { ...compose, ...part } });
  const found = strings.gateway.found;
  return (
    <>
      <fieldset className="field-row">
        <legend>{strings.gateway.endpoints}</legend>
        <Field
          label={strings.gateway.endpointApi}
          value={endpoints?.api ?? ""}
          onChange={(text) => onChange({ ...gateway, endpoints: { ...endpoints, api: orNull(text) } })}
          placeholder={found}
          fault={faults.at(`${path}.endpoints.api`)}
        />
        <Field
          label={strings.gateway.endpointVnc}
          value={endpoints?.vnc ?? ""}
          onChange={(text) => onChange({ ...gateway, endpoints: { ...endpoints, vnc: orNull(text) } })}
          placeholder={found}
          fault={faults.at(`${path}.endpoints.vnc`)}
        />
      </fieldset>
      <fieldset className="field-row">
        <legend>{strings.gateway.mcp}</legend>
        <Field
          label={strings.gateway.mcpUrl}
          value={mcp?.url ?? ""}
          onChange={(text) => onChange({ ...gateway, mcp: text.trim() === "" ? null : { ...mcp, url: text.trim() } })}
          placeholder={strings.gateway.none}
          fault={faults.at(`${path}.mcp.url`)}
        />
        <Field
          label={strings.gateway.mcpContainer}
          value={mcp?.container ?? ""}
          onChange={(text) => mcp != null && onChange({ ...gateway, mcp: { ...mcp, container: orNull(text) ?? undefined } })}
          placeholder={strings.gateway.none}
          fault={faults.at(`${path}.mcp.container`)}
        />
      </fieldset>
      <fieldset className="field-row">
        <legend>{strings.gateway.compose}</legend>
        <Field
          label={strings.gateway.composeDir}
          value={compose?.dir ?? ""}
          onChange={(text) => setCompose({ dir: orNull(text) })}
          placeholder={found}
          fault={faults.at(`${path}.compose.dir`)}
        />
        <Field
          label={strings.gateway.composeService}
          value={compose?.service ?? ""}
          onChange={(text) => setCompose({ service: orNull(text) })}
          placeholder={found}
          fault={faults.at(`${path}.compose.service`)}
        />
        <Field
          label={strings.gateway.envFile}
          value={compose?.envFile ?? ""}
          onChange={(text) => setCompose({ envFile: orNull(text) })}
          placeholder={strings.gateway.none}
          help={strings.gateway.envFileHelp}
          fault={faults.at(`${path}.compose.envFile`)}
        />
      </fieldset>
      <Field
        label={strings.gateway.weeklyLogin}
        value={gateway.weeklyLogin ?? ""}
        onChange={(text) => onChange({ ...gateway, weeklyLogin: orNull(text) })}
        placeholder="HH:MM"
        help={strings.gateway.weeklyHelp}
        fault={faults.at(`${path}.weeklyLogin`)}
        narrow
      />
    </>
  );
}
