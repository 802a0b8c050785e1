// A few Node processes killed in mid-commit; `cargo xtask campaign browser-kills` does many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killHomes, killNodes } from './storage/kills.js';

test('a file keeps what a killed process had acknowledged', async () => {
  const { kills, commits } = await killNodes(5);
  assert.ok(commits > kills);
});

test('a store keeps what programs of a killed process had done to _home', async () => {
  const { kills, commits } = await killHomes(5);
  assert.ok(commits > kills);
});
