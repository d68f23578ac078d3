// The walk itself: see .ci/web.
const fs = require('fs');
const path = require('path');
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [base, pictures] = process.argv.slice(2);
const MOST_BYTES = 50 * 1024;
const faults = [];
let checks = 0;
const must = (sound, what) => {
  checks += 1;
  if (!sound) faults.push(what);
};

/** Every page that can be reached from the first by links of our own, one of each kind and the odd ones by name. */
async function addresses() {
  const seen = new Set(['/', '/ban-tin', '/chu-de', '/tinh', '/nguon', '/tim', '/tim?q=xay+dung+dang', '/tim?q=%22ki%E1%BB%83m+tra%22&sap=moi', '/tim?q=khongcogica', '/khong-co']);
  const kinds = new Set();
  const queue = [...seen];
  while (queue.length > 0 && seen.size < 60) {
    const at = queue.shift();
    const html = await (await fetch(base + at)).text();
    for (const [, href] of html.matchAll(/href="(\/[^"#]*)"/g)) {
      const address = href.replaceAll('&amp;', '&');
      if (address.startsWith('/style') || address.startsWith('/feed')) continue;
      const kind = address.replace(/[0-9]+/g, 'N').replace(/^\/(chu-de|tinh)\/[^?]+/, '/$1/X').replace(/\?.*/, '?');
      if (seen.has(address) || kinds.has(kind)) continue;
      kinds.add(kind);
      seen.add(address);
      queue.push(address);
    }
  }
  return [...seen];
}

async function markup(all) {
  const validator = new HtmlValidate({
    extends: ['html-validate:standard'],
    rules: { 'no-inline-style': 'error', 'doctype-style': 'off', 'void-style': 'off', 'long-title': 'off', 'no-trailing-whitespace': 'off', 'attribute-boolean-style': 'off' },
  });
  for (const at of all) {
    const response = await fetch(base + at);
    const html = await response.text();
    must(Buffer.byteLength(html) < MOST_BYTES, `${at}: ${Buffer.byteLength(html)} bytes`);
    must(/default-src 'none'/.test(response.headers.get('content-security-policy') ?? ''), `${at}: no policy`);
    must(response.headers.get('set-cookie') === null, `${at}: sets a cookie`);
    must(!/<script|\son[a-z]+=|style="/i.test(html), `${at}: script or inline style`);
    const report = await validator.validateString(html);
    for (const result of report.results) {
      for (const m of result.messages) must(false, `${at}:${m.line}:${m.column}: ${m.ruleId}: ${m.message}`);
    }
    must(report.valid, `${at}: not valid HTML`);
    const json = await fetch(base + at, { headers: { accept: 'application/json' } });
    must((json.headers.get('content-type') ?? '').startsWith('application/json'), `${at}: no JSON`);
    await json.json();
  }
}

async function looks(all) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  for (const width of [1280, 375]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled: false });
      const page = await context.newPage();
      page.on('request', (request) => must(request.url().startsWith(base), `asks elsewhere: ${request.url()}`));
      page.on('console', (message) => must(message.type() !== 'error' || /404/.test(message.text()), `${page.url()}: ${message.text()}`));
      for (const at of all) {
        await page.goto(base + at);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        must(wide <= 0, `${at} at ${width}: ${wide} px too wide`);
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        checks += result.passes.length;
        for (const v of result.violations) {
          must(false, `${at} at ${width}, ${colorScheme}: ${v.id}: ${v.help} (${v.nodes.slice(0, 2).map((n) => n.target.join(' ')).join('; ')})`);
        }
        if (pictures) {
          const name = `${at.replace(/[^a-z0-9]+/gi, '_')}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: path.join(pictures, name), fullPage: true });
        }
      }
      await context.close();
    }
  }
  await browser.close();
}

(async () => {
  const all = await addresses();
  console.log(`${all.length} pages: ${all.join(' ')}`);
  await markup(all);
  await looks(all);
  faults.forEach((fault) => console.log(`FAULT ${fault}`));
  console.log(`${checks - faults.length} passed, ${faults.length} failed`);
  process.exit(faults.length === 0 ? 0 : 1);
})();
