// The lock of a store in files: a file that names the process that holds it.
//
// Native programs keep to the same rules (crates/store/src/file/gate.rs), so that of all that find
// the lock of a dead process one gets it.

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { storeError } from './storage.js';

const LOCK_SUFFIX = '-lock';
/**
 * The gate to a lock: a lock itself. Only who holds it may take over what a dead process has left,
 * and nobody goes by its age: a process that sleeps inside is still inside when it wakes up.
 */
const GATE_SUFFIX = '-break';
const ATTEMPTS = 100;
const PAUSE_MS = 10;

/**
 * Takes the lock of the store at a path and returns what gives it back. The lock is a file that
 * appears together with its content, the process in its first line and, where the system tells,
 * when and since which start of the system that process runs: numbers of processes are used again.
 */
export async function lockFile(path: string): Promise<() => void> {
  const lock = path + LOCK_SUFFIX;
  const own = `process ${process.pid} (node)\n${birth('self')}\n`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (take(lock, own)) return () => release(lock, own);
    if (isAlive(contentOf(lock))) break;
    await new Promise((resume) => setTimeout(resume, PAUSE_MS)); // somebody is in the gate
  }
  const busy = isAlive(contentOf(lock)) ? lock : lock + GATE_SUFFIX;
  const name = contentOf(busy)?.split('\n')[0] || 'another process';
  throw storeError('STORE_LOCKED', `${busy} is held by ${name}`);
}

/** Takes a lock that is free or was left by a dead process; false if somebody is before us. */
function take(lock: string, own: string): boolean {
  const draft = `${lock}-${randomBytes(6).toString('hex')}`;
  try {
    fs.writeFileSync(draft, own, { flag: 'wx' });
    if (link(draft, lock)) return true;
    const found = contentOf(lock);
    if (found === undefined || isAlive(found)) return false;
    const gate = lock + GATE_SUFFIX;
    if (!take(gate, own)) return false;
    try {
      if (contentOf(lock) !== found) return false;
      fs.renameSync(draft, lock);
      return true;
    } finally {
      release(gate, own);
    }
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Gives a file a second name, and with it its content at once; false if there is such a name. */
function link(draft: string, name: string): boolean {
  try {
    fs.linkSync(draft, name);
    return true;
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === 'EEXIST') return false;
    if (!UNSUPPORTED.includes(code)) throw error;
    const details = `${name}: a store is locked by a hard link, and this file system has none`;
    throw storeError('STORE_UNAVAILABLE', details, error);
  }
}

/** What systems say where there are no hard links: permissions were enough for the draft. */
const UNSUPPORTED = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** What a file says, if it is there. */
function contentOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Nobody else's lock is taken away, whatever has become of one's own. */
function release(lock: string, own: string): void {
  if (contentOf(lock) === own) fs.rmSync(lock, { force: true });
}

/** Whether the process that a lock names runs, and is the one that wrote it. */
function isAlive(content: string | undefined): boolean {
  const [line, born] = (content ?? '').split('\n');
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

/**
 * Start of the system and, in its clock, of a process; empty where that cannot be told. What has
 * ended without its parent having asked counts as never begun.
 */
function birth(pid: number | 'self'): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name of the program, in parentheses, may hold blanks; the state comes next.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot} ${['Z', 'X'].includes(fields[0] ?? '') ? 'ended' : fields[19]}`;
  } catch {
    return '';
  }
}
