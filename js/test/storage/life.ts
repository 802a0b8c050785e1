// A store that is written to commit by commit, until something ends that: a full quota, a kill.

import { openInBrowser } from '../../src/storage/ladder.js';
import type { HostStorage, Medium } from '../../src/storage/storage.js';
import { entriesOf, numberIn, padded } from './numbers.js';
import { openStore, type OpenStore } from './open-store.js';

/** What a life came to. */
export interface Fate {
  /** Number of the newest commit that was durable. */
  acknowledged: number;
  /** Number of the newest commit that reads ought to see, and the one that they see. */
  seen: number;
  found: number;
  /** Problems that a check of the whole store finds. */
  problems: number;
  code: string;
}

export type Step = 'fill' | 'go on' | 'clear' | 'until killed';

let store: OpenStore | undefined;

/** Opens the store, which keeps what earlier lives have left. */
async function open(storage: Promise<HostStorage>): Promise<OpenStore> {
  return padded(await openStore(await storage));
}

/** Commits again and again, until it fails or `isEnough`. */
async function commitMany(
  open: OpenStore,
  extra: number,
  told: (number: number) => boolean,
): Promise<Fate> {
  let acknowledged = numberIn(open);
  let seen = acknowledged;
  let code = 'none';
  try {
    for (let goesOn = true; goesOn; ) {
      open.put(entriesOf(acknowledged + 1, extra));
      seen = acknowledged + 1;
      await open.storage.flush();
      acknowledged = seen;
      goesOn = told(acknowledged);
    }
  } catch (error) {
    code = String((error as { code?: string }).code ?? error);
    open.undo();
  }
  return { acknowledged, seen, found: numberIn(open), problems: 0, code };
}

/** One step in the life of the store of a medium, in this page or worker. */
export async function live(medium: Medium, step: Step): Promise<Fate> {
  const name = `life-${medium}`;
  store ??= await open(openInBrowser({ name, medium }));
  switch (step) {
    case 'fill':
      return commitMany(store, 20_000, (number) => number < 2000);
    case 'until killed': {
      const problems = store.verify();
      const begun = numberIn(store);
      void commitMany(store, 0, (number) => {
        void fetch(`/told?${number}`);
        return true;
      });
      return { acknowledged: begun, seen: begun, found: begun, problems, code: 'none' };
    }
    case 'clear': {
      // The data of the site have been cleared meanwhile.
      const fate = await commitMany(store, 0, (number) => number < 0);
      await store.close().catch(() => undefined);
      store = undefined;
      return fate;
    }
    case 'go on': {
      await store.storage.flush();
      const last = numberIn(store) + 3;
      const fate = await commitMany(store, 0, (number) => number < last);
      await store.close();
      store = await open(openInBrowser({ name, medium }));
      return { ...fate, found: numberIn(store), problems: store.verify() };
    }
  }
}
