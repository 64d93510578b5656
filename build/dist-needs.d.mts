export declare function distNeeds(facts: {
  platform: NodeJS.Platform;
  args: readonly string[];
  online: boolean;
  env: Readonly<Record<string, string | undefined>>;
  kept: { electron: boolean; tools: boolean };
  programs: readonly string[];
}): { missing: readonly string[]; leftOut: readonly string[]; args: readonly string[] };
