// What only Chromium's tools can bring about: a full quota, data of a site that are cleared.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useBrowser } from './browsers/chosen.js';
import { launchPrivate, type ChromiumTab } from './browsers/chromium.js';
import type * as Kit from './storage/kit.js';
import type { Fate, Step } from './storage/life.js';

const { open, address } = useBrowser();
type KitModule = typeof Kit;
type Kept = 'indexeddb' | 'opfs';

/** The origin as the tools name it. */
const origin = (): string => address().slice(0, -1);

function live(tab: ChromiumTab, medium: Kept, step: Step): Promise<Fate> {
  const play = async ({ medium, step }: { medium: Kept; step: Step }): Promise<Fate> => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return kit.liveAnywhere(medium, step);
  };
  return tab.evaluate(play, { medium, step });
}

for (const medium of ['indexeddb', 'opfs'] as const) {
  test(`a full quota costs ${medium} nothing that was there, and room helps`, async () => {
    const tab = (await open()) as ChromiumTab;
    const tools = await tab.tools();
    const quota = { origin: origin(), quotaSize: 4_000_000 };
    await tools.send('Storage.overrideQuotaForOrigin', quota);
    const full = await live(tab, medium, 'fill');
    assert.equal(full.code, 'STORE_FULL');
    assert.ok(full.acknowledged > 3, `${full.acknowledged} commits`);
    assert.equal(full.found, full.seen);
    await tools.send('Storage.overrideQuotaForOrigin', { origin: origin() });
    const after = await live(tab, medium, 'go on');
    assert.equal(after.code, 'none');
    assert.equal(after.acknowledged, full.seen + 3);
    assert.deepEqual([after.found, after.problems], [after.acknowledged, 0]);
    await tab.close();
  });

  test(`the data of the site are cleared under ${medium}: that is told`, async () => {
    const tab = (await open()) as ChromiumTab;
    const begun = await live(tab, medium, 'go on');
    const tools = await tab.tools();
    const all = { origin: origin(), storageTypes: 'all' };
    await tools.send('Storage.clearDataForOrigin', all);
    const cleared = await live(tab, medium, 'clear');
    assert.equal(cleared.code, 'STORE_MISSING');
    // Nothing is lost of what is in memory.
    assert.ok(cleared.found >= begun.acknowledged);
    const again = await live(tab, medium, 'go on');
    assert.deepEqual([again.code, again.found, again.problems], ['none', 3, 0]);
    await tab.close();
  });
}

test('a private window has IndexedDB for as long as it is open', async () => {
  const browser = await launchPrivate();
  const tab = await browser.open(address());
  const outcome = await tab.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return kit.outcomeOf('private');
  });
  assert.deepEqual(outcome, { medium: 'indexeddb', refused: ['opfs STORE_UNAVAILABLE'] });
  await browser.close();
});
