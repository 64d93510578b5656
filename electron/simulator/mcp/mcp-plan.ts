/** How the MCP server beside a gateway behaves. */
export interface McpPlan {
  kind: "plain" | "modern" | "legacy";
  /** `down`: workers dead and breaker open; `misleading`: says api_ready on a mere TCP connect; `desync`: answers with another id. */
  mode: "healthy" | "down" | "misleading" | "desync" | "frozen";
  /** Restarts the gateway's container by itself after two rounds without a connection. */
  healing: boolean;
  workers: number;
}

export function healthyMcp(): McpPlan {
  return { kind: "plain", mode: "healthy", healing: false, workers: 3 };
}
