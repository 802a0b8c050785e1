// The storages of a browser keep the contract; the ladder takes the best; nothing gets lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacks, useBrowser } from './browsers/chosen.js';
import type * as Kit from './storage/kit.js';

const { open } = useBrowser();
type KitModule = typeof Kit;

/** The outcome of the suite: sound as it is, and broken with every flaw. */
function assertSound(outcome: Awaited<ReturnType<KitModule['conformance']>>): void {
  const { none, ...flaws } = outcome.broken;
  assert.deepEqual(none, []);
  assert.ok(outcome.checks >= 7);
  assert.ok(Object.keys(flaws).length >= 6);
  for (const [flaw, broken] of Object.entries(flaws)) assert.notDeepEqual(broken, [], flaw);
}

for (const medium of ['memory', 'indexeddb'] as const) {
  test(`${medium} keeps the contract in a page`, async () => {
    const tab = await open();
    const outcome = await tab.evaluate(async (medium) => {
      const kit = (await import('/test/kit.js' as string)) as KitModule;
      return kit.conformance(medium);
    }, medium);
    assertSound(outcome);
    await tab.close();
  });
}

for (const medium of ['indexeddb', 'opfs'] as const) {
  test(`${medium} keeps the contract in a worker, where there is such a medium`, async () => {
    const tab = await open();
    if (medium === 'opfs' && lacks.includes('opfs')) {
      const outcome = await tab.evaluate(async () => {
        const kit = (await import('/test/kit.js' as string)) as KitModule;
        return kit.inWorker('outcomeOf', { name: 'absent', medium: 'opfs' });
      });
      assert.equal(outcome.code, 'STORE_UNAVAILABLE');
    } else {
      const outcome = await tab.evaluate(async (medium) => {
        const kit = (await import('/test/kit.js' as string)) as KitModule;
        return kit.inWorker('conformance', medium);
      }, medium);
      assertSound(outcome);
    }
    await tab.close();
  });
}

type Scenario = keyof KitModule['scenarios'];

/** Plays a scenario in a tab of its own. */
async function play(name: Scenario): Promise<unknown> {
  const tab = await open();
  const outcome = await tab.evaluate(async (name) => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return kit.scenarios[name]();
  }, name);
  await tab.close();
  return outcome;
}

test('commits that queue up share a transaction', async () => {
  assert.deepEqual(await play('groupCommit'), {
    before: 0,
    together: 1,
    all: 3,
    handedOver: 40,
    durable: 40,
  });
});

test('a relaxed commit is durable after a flush', async () => {
  assert.deepEqual(await play('relaxed'), { before: 0, after: 1 });
});

test('a full quota is reported, keeps the pages, and is tried again', async () => {
  assert.deepEqual(await play('fullQuota'), {
    flush: 'STORE_FULL',
    length: 'STORE_FULL',
    commit: 'STORE_FULL',
    kept: 2,
    durable: 2,
    found: [1, 2],
  });
});

test('a connection that the browser closed is made again', async () => {
  assert.deepEqual(await play('lostConnection'), { flush: 'none', found: [2] });
});

test('a commit that comes while a connection is made is whole, or not there', async () => {
  assert.deepEqual(await play('commitWhileReconnecting'), { left: [3, 3], found: [3, 3] });
});

test('a database that is deleted under an open store is missed, and the pages stay', async () => {
  assert.deepEqual(await play('deleted'), {
    commit: 'STORE_MISSING',
    length: 'STORE_MISSING',
    flush: 'STORE_MISSING',
    found: 7,
  });
});

test('a database that is emptied under an idle store is missed', async () => {
  assert.deepEqual(await play('emptied'), { flush: 'STORE_MISSING', found: 8, pages: 0 });
});

test('an image of the earlier version goes with the first commit', async () => {
  const image = [137, 77, 79, 79, 78, 13, 10, 0, 5];
  assert.deepEqual(await play('legacyImage'), {
    images: [image, []],
    left: true,
    found: { pages: 1, image: true },
  });
});

test('a commit writes the header beside the extents; format 1 had it in one', async () => {
  const ones = new Array(16).fill(1);
  assert.deepEqual(await play('headers'), {
    left: [1, 2, 4096],
    opened: [2, ...ones, 2, 1, 1],
    reopened: [3, ...ones, 2, 1, 1],
    cut: 'STORE_CORRUPT',
  });
});

test('databases of other versions, and damaged ones, are named', async () => {
  assert.deepEqual(await play('otherVersions'), {
    blocked: 'STORE_LOCKED',
    newer: 'STORE_NEWER_VERSION',
    damaged: 'STORE_CORRUPT',
  });
});

test('without Web Locks a lease keeps others away, and whoever lost it from writing', async () => {
  const { message, ...outcome } = (await play('lease')) as Record<string, unknown>;
  assert.deepEqual(outcome, {
    held: 'STORE_LOCKED',
    late: 'STORE_LOCKED',
    kept: 2,
    flush: 'none',
    found: [3],
  });
  assert.match(String(message), /another tab has 'lease' open since \d{4}-\d\d-\d\dT/);
});

test('a page that is left gives its lease back', async () => {
  const tab = await open();
  const openIt = async (): Promise<string> => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return kit.scenarios.leaseOfPage();
  };
  assert.equal(await tab.evaluate(openIt), 'none');
  const other = await open();
  assert.equal(await other.evaluate(openIt), 'STORE_LOCKED');
  await tab.reload();
  assert.equal(await tab.evaluate(openIt), 'none');
  await tab.close();
  await other.close();
});

test('the best medium is taken, and the better ones are told with their reason', async () => {
  const tab = await open();
  const outcomes = await tab.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return {
      page: await kit.outcomeOf('in-page'),
      worker: await kit.inWorker('outcomeOf', 'in-worker'),
      memory: await kit.outcomeOf({ medium: 'memory' }),
      file: await kit.outcomeOf({ name: 'x', medium: 'file' }),
      nameless: await kit.outcomeOf({ medium: 'indexeddb' }),
      opfsInPage: await kit.outcomeOf({ name: 'x', medium: 'opfs' }),
    };
  });
  const { message: _, ...file } = outcomes.file;
  assert.deepEqual(outcomes.page, { medium: 'indexeddb', refused: ['opfs STORE_UNAVAILABLE'] });
  assert.deepEqual(
    outcomes.worker,
    lacks.includes('opfs')
      ? { medium: 'indexeddb', refused: ['opfs STORE_UNAVAILABLE'] }
      : { medium: 'opfs', refused: [] },
  );
  assert.deepEqual(outcomes.memory, { medium: 'memory', refused: [] });
  assert.deepEqual(file, { code: 'STORE_UNAVAILABLE' });
  assert.equal(outcomes.nameless.code, 'INVALID_INPUT');
  assert.equal(outcomes.opfsInPage.code, 'STORE_UNAVAILABLE');
  await tab.close();
});

test('a store is opened where it is, or not at all', async () => {
  const tab = await open();
  const outcomes = await tab.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    const store = await kit.openStore(await kit.openInBrowser('made-in-page'));
    store.put({ a: '1' });
    await store.close();
    return {
      inWorker: await kit.inWorker('outcomeOf', 'made-in-page'),
      made: await kit.inWorker('outcomeOf', 'made-in-worker'),
      inPage: await kit.outcomeOf('made-in-worker'),
    };
  });
  const refused = ['opfs STORE_UNAVAILABLE'];
  assert.deepEqual(outcomes.inWorker, { medium: 'indexeddb', refused });
  if (lacks.includes('opfs')) {
    assert.deepEqual(outcomes.inPage, { medium: 'indexeddb', refused });
  } else {
    assert.equal(outcomes.made.medium, 'opfs');
    assert.equal(outcomes.inPage.code, 'STORE_UNAVAILABLE');
    assert.match(String(outcomes.inPage.message), /'made-in-worker' is kept in OPFS/);
  }
  await tab.close();
});

test('where a page may keep nothing, memory is taken and said to be', async () => {
  const tab = await open();
  const outcome = await tab.evaluate(async () => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.src = '/test/sandboxed.html';
    const told = new Promise((resolve) => {
      addEventListener('message', ({ data }) => resolve(data));
    });
    document.body.append(frame);
    return told;
  });
  assert.deepEqual(outcome, {
    medium: 'memory',
    refused: ['opfs STORE_UNAVAILABLE', 'indexeddb STORE_UNAVAILABLE'],
  });
  await tab.close();
});

test('one tab or worker at a time has a store, whatever the medium', async () => {
  const [first, second] = [await open(), await open()];
  await first.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    await kit.openStore(await kit.openInBrowser('one'));
  });
  const refusals = await second.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    const opfs = { name: 'one', medium: 'opfs' } as const;
    return [await kit.outcomeOf('one'), await kit.inWorker('outcomeOf', opfs)];
  });
  assert.equal(refusals[0]?.code, 'STORE_LOCKED');
  assert.match(String(refusals[0]?.message), /'one' is open in another tab or worker/);
  const absent = lacks.includes('opfs') ? 'STORE_UNAVAILABLE' : 'STORE_LOCKED';
  assert.equal(refusals[1]?.code, absent);
  await first.close();
  const code = await second.evaluate(async () => {
    const kit = (await import('/test/kit.js' as string)) as KitModule;
    return (await kit.outcomeOf('one')).code ?? 'none';
  });
  assert.equal(code, 'none');
  await second.close();
});
