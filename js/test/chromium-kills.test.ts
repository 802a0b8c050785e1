// A few kills of Chromium in mid-commit; `cargo xtask campaign browser-kills` does many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launcher } from './browsers/chromium.js';
import { killBrowsers } from './storage/kills.js';

for (const medium of ['indexeddb', 'opfs'] as const) {
  test(`${medium} keeps what a killed browser had acknowledged`, async () => {
    const { kills, commits, discards } = await killBrowsers(launcher, medium, 3);
    assert.ok(commits > kills);
    assert.ok(discards < kills, 'the browser keeps nothing');
  });
}
