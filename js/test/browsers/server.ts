// A static server on the loopback, as any host of static files would be.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
};
// No page of ours needs `eval`; the policy proves it. It names the host, because 'self' means
// nothing in frames without an origin of their own.
const policyOf = (host = ''): string =>
  `default-src 'self' http://${host}; script-src 'self' http://${host} 'wasm-unsafe-eval'`;
const PAGE = '<!doctype html><title>test</title>';

export interface Site {
  /** What lies at `/`; `dist` by default. */
  folder?: string;
  /** Gets what pages tell by asking for `/told?WHAT`. */
  told?: (what: string) => void;
}

/** Serves a folder and, at `/` itself, an empty page. A page's data belong to the port. */
export async function serve(
  { folder = 'dist', told }: Site = {},
): Promise<{ address: string; server: Server }> {
  const server = createServer((request, response) => {
    const [path = '/', what = ''] = (request.url ?? '/').split('?');
    try {
      if (path === '/told') {
        told?.(what);
        response.writeHead(204).end();
        return;
      }
      const body = path === '/' ? PAGE : readFileSync(folder + path);
      const type = TYPES[path.split('.').pop() ?? ''] ?? 'text/html';
      const policy = policyOf(request.headers.host);
      const headers = { 'content-type': type, 'content-security-policy': policy };
      // Frames without an origin of their own load scripts, too.
      response.writeHead(200, { ...headers, 'access-control-allow-origin': '*' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { address, server };
}
