// A browser as the tests see it: tabs that evaluate functions, data that stay, a sudden end.

/** A tab. */
export interface Tab {
  /** Runs a function in the page and returns what it resolves with; both as JSON. */
  evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument?: A): Promise<R>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** A running browser. */
export interface Browser {
  open(address: string): Promise<Tab>;
  /** Ends every process of the browser without a warning. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** How to start one. */
export interface Launcher {
  /** Starts a browser that keeps its data in a folder. */
  launch(profile: string): Promise<Browser>;
  /** What the browser lacks of what others have. */
  lacks: readonly 'opfs'[];
}

/** The call of a function as an expression that a page can evaluate; it gives JSON. */
export function callOf(body: (argument: never) => unknown, argument: unknown): string {
  const call = `(${String(body)})(${JSON.stringify(argument) ?? 'undefined'})`;
  return `(async () => JSON.stringify([await ${call}]))()`;
}

/** What `callOf` gave, as a value. */
export function valueOf<R>(json: string): R {
  return (JSON.parse(json) as [R])[0];
}
