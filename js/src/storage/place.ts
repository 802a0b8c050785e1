// Where a store is to be kept, as users say it.

import { MoonkeepError } from '../error.js';
import { storeError, type HostStorage, type Medium } from './storage.js';

/** A name or path, for the best medium that the host has; or one medium and no other. */
export type Place = string | { name?: string; medium: Medium };

/** How a host opens the media that it has. */
export type Openers = Partial<Record<Medium, (name: string) => Promise<HostStorage>>>;

/** Opens a place: `best` chooses where only a name is given. */
export async function openPlace(
  place: Place,
  openers: Openers,
  best: (name: string) => Promise<HostStorage>,
): Promise<HostStorage> {
  if (typeof place === 'string') return best(checkedName(place));
  const open = openers[place.medium];
  if (open === undefined) {
    const known = Object.keys(openers).join(', ');
    throw storeError('STORE_UNAVAILABLE', `'${String(place.medium)}'; there are: ${known}`);
  }
  return open(place.medium === 'memory' ? '' : checkedName(place.name));
}

function checkedName(name: unknown): string {
  const isName = typeof name === 'string' && name !== '' && !/[\ud800-\udfff]/u.test(name);
  if (isName) return name as string;
  throw new MoonkeepError('INVALID_INPUT', 'a store needs a name that is a text, and not empty');
}
