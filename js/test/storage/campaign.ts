// Many kills: `node dist/test/campaign.js [KILLS]`, a hundred of each victim by default.

import { launcher as chromium } from '../browsers/chromium.js';
import { launcher as firefox } from '../browsers/firefox.js';
import { launcher as webkit } from '../browsers/webkit.js';
import { killBrowsers, killHomes, killNodes, type Toll } from './kills.js';

const kills = Number(process.argv[2] ?? 100);
if (!(kills > 0)) throw new Error('usage: node dist/test/campaign.js [KILLS] [VICTIM...]');

const victims: Record<string, () => Promise<Toll>> = {
  'node-file': () => killNodes(kills),
  'node-home': () => killHomes(kills),
  'chromium-indexeddb': () => killBrowsers(chromium, 'indexeddb', kills),
  'chromium-opfs': () => killBrowsers(chromium, 'opfs', kills),
  'firefox-indexeddb': () => killBrowsers(firefox, 'indexeddb', kills),
  'firefox-opfs': () => killBrowsers(firefox, 'opfs', kills),
  'webkit-indexeddb': () => killBrowsers(webkit, 'indexeddb', kills),
};
const usual = ['node-file', 'node-home', 'chromium-indexeddb', 'chromium-opfs'];
const chosen = process.argv.length > 3 ? process.argv.slice(3) : usual;

for (const name of chosen) {
  const victim = victims[name];
  if (victim === undefined) throw new Error(`victims: ${Object.keys(victims).join(', ')}`);
  const { commits, discards } = await victim();
  const lost = discards === 0 ? '' : ` but for ${discards} databases that the browser discarded`;
  console.log(`${name}: ${kills} kills, ${commits} commits, all acknowledged are there${lost}`);
}
