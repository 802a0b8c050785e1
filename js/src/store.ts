// What a place for the persistent image has to offer.

/** Keeps one image of bytes. */
export interface Store {
  /** The image that was saved last, or undefined. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces the image; resolves when it is durable. All or nothing. */
  save(image: Uint8Array): Promise<void>;
  /** Lets another user open the store. */
  close(): Promise<void>;
}
