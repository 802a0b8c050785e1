// A small project with the package as it is published: packed, and installed from the tarball.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with the package in its `node_modules`, and what is in the package. */
export interface Project {
  folder: string;
  files: string[];
  remove(): void;
}

/** Packs what is built, and installs it into a new folder. */
export function makeProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'moonkeep-project-'));
  const npm = (args: string[], cwd: string): string =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const packed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], '.');
  const [{ filename, files }] = JSON.parse(packed) as [
    { filename: string; files: { path: string }[] },
  ];
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true }\n');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
  npm(['install', ...quiet, `./${filename}`], folder);
  return {
    folder,
    files: files.map(({ path }) => path),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
