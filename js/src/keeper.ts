// Keeps `_home` and its stored image the same: commits after success, goes back after an error.

import type { Machine } from './machine.js';
import { MoonkeepError } from './error.js';
import type { Store } from './store.js';

export class Keeper {
  /** The image that the store holds, or the one of an empty `_home`. */
  private image: Uint8Array;
  /** `_home` could not be brought back to the image: nothing may be stored any more. */
  private lost: unknown;

  private constructor(
    private readonly machine: Machine,
    private readonly store: Store,
    image: Uint8Array,
  ) {
    this.image = image;
  }

  /** Restores what the store holds. */
  static async open(machine: Machine, store: Store): Promise<Keeper> {
    const image = await store.load();
    if (image !== undefined) machine.send('import', image);
    return new Keeper(machine, store, image ?? machine.send('export').output);
  }

  /** Stores what `_home` reaches now; if that fails, `_home` goes back to what is stored. */
  async commit(): Promise<void> {
    if (this.lost !== undefined) {
      const message = 'an earlier failure could not be undone; close and open again';
      throw new MoonkeepError('SAVE_STATE_FAILED', message, { cause: this.lost });
    }
    try {
      const image = this.machine.send('export').output;
      if (equal(image, this.image)) return;
      await this.save(image);
      this.image = image;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** `_home` becomes what is stored. Does not throw: there is an error under way already. */
  rollback(): void {
    try {
      this.machine.send('import', this.image);
    } catch (error) {
      this.lost = error;
    }
  }

  private async save(image: Uint8Array): Promise<void> {
    try {
      await this.store.save(image);
    } catch (cause) {
      if (cause instanceof MoonkeepError) throw cause;
      const message = `the state cannot be saved: ${String(cause)}`;
      throw new MoonkeepError('SAVE_STATE_FAILED', message, { cause });
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
