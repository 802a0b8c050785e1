// Starting browsers as processes, and ending them with all that they have started.

import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Starts a program that says nothing; it may not be ready yet. */
export async function startSilent(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const child = spawn(program, args, { env, stdio: 'ignore' });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return child;
}

/** Starts a program and waits for a line of its output that matches; the match. */
export async function start(
  program: string,
  args: readonly string[],
  ready: RegExp,
): Promise<{ child: ChildProcess; match: RegExpExecArray }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${program} is not ready: ${text}`)), 60_000);
    const read = (chunk: Buffer): void => {
      text += String(chunk);
      const found = ready.exec(text);
      if (found === null) return;
      clearTimeout(late);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${program} has ended: ${text}`)));
  });
  return { child, match };
}

/** The processes that a process has started, and those that they have, itself included. */
export function familyOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const family = [root];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** How long a browser may take to end by itself. */
const END_MS = 10_000;

/** Kills a process and its family at once, and waits until all have ended. */
export async function killFamily(child: ChildProcess): Promise<void> {
  const family = familyOf(child.pid as number);
  for (const member of family) signal(member, 'SIGKILL');
  await ended(family, Infinity);
}

/** Asks a process to end, and makes it and its family after a while. */
export async function end(child: ChildProcess): Promise<void> {
  const family = familyOf(child.pid as number);
  child.kill('SIGTERM');
  if (await ended(family, END_MS)) return;
  for (const member of family) signal(member, 'SIGKILL');
  await ended(family, Infinity);
}

/** Waits until processes have ended; false if some have not after so many milliseconds. */
export async function ended(family: readonly number[], milliseconds: number): Promise<boolean> {
  const late = Date.now() + milliseconds;
  while (family.some(isRunning)) {
    if (Date.now() > late) return false;
    await new Promise((resume) => setTimeout(resume, 5));
  }
  return true;
}

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether a process is there and no corpse that nobody has fetched. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
}
