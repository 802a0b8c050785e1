// A dedicated worker with the package in it: one run on a store, answered with what it came to.

import type * as Package from 'moonkeep';

const COUNT = `
  if not _home.next then
    local n = 0
    function _home.next() n = n + 1 return n end
  end
  return _home.next()`;

onmessage = async ({ data }) => {
  const { Moonkeep } = (await import('/browser.js' as string)) as typeof Package;
  const lua = await Moonkeep.open({ store: data as string });
  const [count] = await lua.compute(COUNT);
  postMessage({ count, medium: lua.storage?.medium }); // not closed: as when a tab is
};
