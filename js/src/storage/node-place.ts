// The media of Node: files and memory.

import { openFile } from './file.js';
import { openMemory } from './memory.js';
import { openPlace, type Openers, type Place } from './place.js';
import type { HostStorage } from './storage.js';

const OPENERS: Openers = { file: openFile, memory: async () => openMemory() };

/** Opens a store in Node: a path is one of a file. Rejects as `openFile` does. */
export function openInNode(place: Place): Promise<HostStorage> {
  return openPlace(place, OPENERS, openFile);
}
