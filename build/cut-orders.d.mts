interface Transformer {
  parse(code: string): { body: readonly unknown[] };
}
/** A plugin for rolldown, Vite or rollup that cuts the trading methods out of `@stoqey/ib`. */
export declare function cutOrders(): {
  name: string;
  transform: (this: Transformer, code: string, id: string) => { code: string; map: null } | null;
  generateBundle: () => void;
};
