// Objects that cross the border as numbers: functions of Lua, and functions and objects of ours.

import type { Handles } from './values.js';

/** A Lua function. Called, it runs at once and returns its first result. */
export interface LuaFunction {
  (...args: unknown[]): unknown;
  /** Lets Lua collect the function; it cannot be called any more. */
  release(): void;
}

/** A coroutine of Lua, to be handed back to Lua. */
export class LuaCoroutine {
  constructor(private readonly free: () => void) {}

  /** Lets Lua collect the coroutine. */
  release(): void {
    this.free();
  }
}

interface HostEntry {
  object: object;
  references: number;
}

/** What a handle's owner does for it. */
export interface Owner {
  callFunction(self: object, args: unknown[]): unknown;
  release(handle: number): void;
}

const hasWeak = typeof WeakRef !== 'undefined' && typeof FinalizationRegistry !== 'undefined';

export class HandleTable implements Handles {
  /** Wrappers by handle; weak where the engine has weak references. */
  private readonly wrappers = new Map<number, { deref(): object | undefined }>();
  private readonly handles = new WeakMap<object, number>();
  private readonly hosts = new Map<number, HostEntry>();
  private readonly hostHandles = new Map<object, number>();
  private readonly registry: FinalizationRegistry<number> | undefined;
  private lastHost = 0;

  constructor(private readonly owner: Owner) {
    if (hasWeak) this.registry = new FinalizationRegistry((handle) => this.collected(handle));
  }

  luaHandle(object: object): number | undefined {
    return this.handles.get(object);
  }

  luaFunction(handle: number): unknown {
    return this.wrapper(handle, () => {
      const wrapper = ((...args: unknown[]) =>
        this.owner.callFunction(wrapper, args)) as LuaFunction;
      wrapper.release = () => this.release(handle);
      return wrapper;
    });
  }

  luaCoroutine(handle: number): unknown {
    return this.wrapper(handle, () => new LuaCoroutine(() => this.release(handle)));
  }

  private wrapper(handle: number, make: () => object): object {
    const known = this.wrappers.get(handle)?.deref();
    if (known !== undefined) return known;
    const wrapper = make();
    this.handles.set(wrapper, handle);
    this.wrappers.set(handle, hasWeak ? new WeakRef(wrapper) : { deref: () => wrapper });
    this.registry?.register(wrapper, handle);
    return wrapper;
  }

  private release(handle: number): void {
    if (this.wrappers.delete(handle)) this.owner.release(handle);
  }

  /** A wrapper is gone; the handle may have got a new one meanwhile. */
  private collected(handle: number): void {
    const current = this.wrappers.get(handle);
    if (current !== undefined && current.deref() === undefined) this.release(handle);
  }

  /** Handles of functions are odd: so the machine knows what can be called. */
  hostHandle(object: object): number {
    let handle = this.hostHandles.get(object);
    if (handle === undefined) {
      this.lastHost += 2;
      handle = this.lastHost + (typeof object === 'function' ? 1 : 0);
      this.hostHandles.set(object, handle);
      this.hosts.set(handle, { object, references: 0 });
    }
    (this.hosts.get(handle) as HostEntry).references++;
    return handle;
  }

  hostObject(handle: number): unknown {
    return this.hosts.get(handle)?.object;
  }

  /** Lua let go of one reference. */
  hostReleased(handle: number): void {
    const entry = this.hosts.get(handle);
    if (entry === undefined || --entry.references > 0) return;
    this.hosts.delete(handle);
    this.hostHandles.delete(entry.object);
  }

  clear(): void {
    this.wrappers.clear();
    this.hosts.clear();
    this.hostHandles.clear();
  }
}
