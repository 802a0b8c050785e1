// The lock of a store in files: a file that names the process that holds it.

import * as fs from 'node:fs';
import { storeError } from './storage.js';

const LOCK_SUFFIX = '-lock';
/** Held by whoever takes away the lock of a dead process, so that only one does. */
const BREAK_SUFFIX = '-lock-break';
/** Whoever holds that one does so for a moment; if it is older, its holder has died too. */
const BREAK_MS = 5000;
const ATTEMPTS = 20;
const ATTEMPTS_EMPTY = 3;
const PAUSE_MS = 10;

/**
 * Takes the lock of the store at a path and returns what gives it back. The lock is a file made
 * exclusively, with the process in its first line and, where the system tells, when and since
 * which start of the system that process runs: numbers of processes are used again.
 */
export async function lockFile(path: string): Promise<() => void> {
  const lock = path + LOCK_SUFFIX;
  const own = `process ${process.pid} (node)\n${birth('self')}\n`;
  let holder = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(lock, own)) return () => release(lock, own);
    holder = contentOf(lock);
    if (isAlive(holder)) break;
    // A file without content is being written, or was left by an orderly close.
    const unsure = holder === '' && attempt < ATTEMPTS_EMPTY;
    if (unsure || !breakLock(lock, path + BREAK_SUFFIX, holder)) {
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }
  const name = holder.split('\n')[0] || 'another process';
  throw storeError('STORE_LOCKED', `${lock} is held by ${name}`);
}

/** Creates a file; false if it exists. */
function create(path: string, content: string): boolean {
  try {
    fs.writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw error;
  }
}

function contentOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return '';
    throw error;
  }
}

/** Nobody else's lock is taken away, whatever has become of one's own. */
function release(lock: string, own: string): void {
  if (contentOf(lock) === own) fs.rmSync(lock, { force: true });
}

/** Takes away a lock that still says what it said when its holder was found dead. */
function breakLock(lock: string, breaker: string, content: string): boolean {
  if (!create(breaker, '')) {
    const since = fs.statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - since > BREAK_MS) fs.rmSync(breaker, { force: true });
    return false;
  }
  try {
    if (contentOf(lock) === content) fs.rmSync(lock, { force: true });
    return true;
  } finally {
    fs.rmSync(breaker, { force: true });
  }
}

/** Whether the process that a lock names runs, and is the one that wrote it. */
function isAlive(content: string): boolean {
  const [line, born] = content.split('\n');
  const pid = Number(/^process (\d+)/.exec(line ?? '')?.[1] ?? 0);
  if (pid === 0 || !responds(pid)) return false;
  const now = birth(pid);
  return !born || now === '' || born === now;
}

function responds(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** Start of the system and, in its clock, of a process; empty where that cannot be told. */
function birth(pid: number | 'self'): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name of the program, in parentheses, may hold blanks.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot} ${ticks}`;
  } catch {
    return '';
  }
}
