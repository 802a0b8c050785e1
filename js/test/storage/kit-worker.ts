// The worker of the tests: calls functions of the kit and answers with what they give.

import * as kit from './kit.js';

onmessage = async ({ data }) => {
  const { name, args } = data as { name: keyof typeof kit; args: unknown[] };
  try {
    const body = kit[name] as (...args: unknown[]) => unknown;
    postMessage({ value: await body(...args) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
