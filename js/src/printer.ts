// What programs print: as lines to a callback, or kept until it is asked for.

import { lossy } from './bytes.js';

const NEWLINE = 10;

export class Printer {
  private chunks: Uint8Array[] = [];

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  write(bytes: Uint8Array): void {
    if (this.onLine === undefined) {
      this.chunks.push(bytes);
      return;
    }
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.chunks.push(bytes.subarray(start, end));
      this.emit();
      start = end + 1;
    }
    if (start < bytes.length) this.chunks.push(bytes.subarray(start));
  }

  /** What was kept, or the line that has no end yet. */
  take(): string {
    const total = new Uint8Array(this.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let position = 0;
    for (const chunk of this.chunks) {
      total.set(chunk, position);
      position += chunk.length;
    }
    this.chunks = [];
    return lossy(total);
  }

  /** At the end of a run: hands out a line that has no end. */
  flush(): void {
    if (this.onLine !== undefined && this.chunks.length > 0) this.emit();
  }

  private emit(): void {
    const line = this.take();
    try {
      this.onLine?.(line);
    } catch (error) {
      // The program cannot help it; the page's handler for errors gets to see it.
      setTimeout(() => {
        throw error;
      });
    }
  }
}
