// Serves the project, opens examples/browser.html in a Chromium of its own and prints what the
// page shows: node chromium.mjs PROFILE PORT. Profile and port are what a second process needs
// to find the first one's database.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, normalize, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const { chromium } = createRequire(`${root}/js/package.json`)("playwright-core");
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, "http://host").pathname);
  try {
    const body = await readFile(root + path);
    response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});

const [profile, port] = process.argv.slice(2);
await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  args: [...args, "--disable-background-networking", "--disable-component-update"],
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(`http://127.0.0.1:${port}/examples/browser.html`);
  const output = page.locator("#output:not(:empty)");
  console.log(await output.textContent({ timeout: 30000 }));
} finally {
  await browser.close();
  server.close();
}
