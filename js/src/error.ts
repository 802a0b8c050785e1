// The one class of errors that this package throws.

import type { ErrorCode } from './codes.js';

export interface ErrorParts {
  details?: unknown;
  suggestion?: string;
  traceback?: string;
  cause?: unknown;
}

/** An error with a stable `code`; a Lua error carries the Lua traceback. */
export class MoonkeepError extends Error {
  /** Stable: test this, not the message. */
  readonly code: ErrorCode;
  /** The thrown Lua value if it was no string, or what else is known. */
  readonly details: unknown;
  /** What may help. */
  readonly suggestion: string;
  /** The Lua traceback, or an empty string. */
  readonly traceback: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message);
    this.name = 'MoonkeepError';
    this.code = code;
    this.details = parts.details;
    this.suggestion = parts.suggestion ?? '';
    this.traceback = parts.traceback ?? '';
    this.timestamp = Date.now();
    if (parts.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: parts.cause, configurable: true });
    }
  }

  toJSON(): Record<string, unknown> {
    const { name, code, message, details, suggestion, traceback, timestamp } = this;
    return { name, code, message, details, suggestion, traceback, timestamp };
  }
}
