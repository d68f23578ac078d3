// The walk itself: see .ci/web.
const fs = require('fs');
const path = require('path');
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [base, leave, pictures] = process.argv.slice(2);
const MOST_BYTES = 50 * 1024;
// Milliseconds for one page: how fast pages are is measured elsewhere, on a machine that does nothing else.
const PATIENCE = 180_000;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const VIEWS = [1280, 375].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })));
const faults = [];
let checks = 0;
const must = (sound, what) => {
  checks += 1;
  if (!sound) faults.push(what);
};

/** Every page that can be reached from the first by links of our own, one of each kind; the odd ones by name; what the evil paper wrote. */
async function addresses() {
  const seen = new Set(['/', '/ban-tin', '/ban-tin/hang-ngay/288', '/ban-tin/hang-ngay/288/viec/1', '/ban-tin/hang-ngay/289', '/chu-de', '/tinh', '/nguon', '/tim', '/tim?q=xay+dung+dang', '/tim?q=%22ki%E1%BB%83m+tra%22&sap=moi',
    '/tim?q=khongcogica', '/tim?q=%3Cscript%3E', '/tim?bao=bao-doc', '/tim?tu=hom-qua', '/khong-co', leave, '/ngung-nhan/thu-nay']);
  const evil = await (await fetch(`${base}/tim.json?bao=bao-doc`)).json();
  must(evil.hits.length === 6, `${evil.hits.length} articles of the evil paper`);
  evil.hits.forEach((hit) => seen.add(hit.path));
  const edition = await (await fetch(`${base}/ban-tin/hang-ngay/289.json`)).json();
  must(edition.stories.length >= 3, `${edition.stories.length} stories of the evil paper`);
  edition.stories.forEach((_, at) => seen.add(`/ban-tin/hang-ngay/289/viec/${at + 1}`));
  const kinds = new Set();
  const queue = [...seen];
  while (queue.length > 0) {
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
    must(!/[\u202a-\u202e\u2066-\u2069\u200b\u0000-\u0008\u000b-\u001f]/.test(html), `${at}: invisible characters`);
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

/** As everybody sees it: no script, nothing from elsewhere. */
async function look(browser, all, { width, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('request', (request) => must(request.url().startsWith(base), `asks elsewhere: ${request.url()}`));
  page.on('console', (message) => must(message.type() !== 'error' || /40[0-9]/.test(message.text()), `${page.url()}: ${message.text()}`));
  for (const at of all) {
    const answer = await page.goto(base + at);
    must(answer.ok() || /khong-co|hom-qua|thu-nay/.test(at), `${at}: ${answer.status()}`);
    if (pictures) {
      const name = `${at.replace(/[^a-z0-9]+/gi, '_').slice(0, 60)}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: path.join(pictures, name), fullPage: true });
    }
  }
  await context.close();
}

/** In the page: what a hostile headline would have left behind, and how wide it is. */
const inside = () => {
  const every = [...document.querySelectorAll('*')];
  return {
    wide: document.documentElement.scrollWidth - window.innerWidth,
    raw: /\{'|\{"|\bNone\b|\bundefined\b|\[object/.test(document.body.innerText.replaceAll('{{ 7 * 7 }}', '')),
    title: document.title,
    foreign: every.filter((node) => ['SCRIPT', 'IMG', 'IFRAME', 'OBJECT', 'EMBED', 'SVG:script', 'BASE'].includes(node.tagName)).length,
    handlers: every.flatMap((node) => [...node.attributes]).filter((one) => /^on|^style$/i.test(one.name)).length,
    schemes: [...new Set([...document.links].map((link) => link.protocol))],
  };
};

/** The tools need script; the page's policy is set aside for them, and a page that could run its own would be seen. */
async function judge(browser, all, { width, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('dialog', (dialog) => { must(false, `${page.url()}: a script of a newspaper ran`); dialog.dismiss(); });
  for (const at of all) {
    await page.goto(base + at);
    const found = await page.evaluate(inside);
    must(found.wide <= 0, `${at} at ${width}: ${found.wide} px too wide`);
    must(!found.raw, `${at}: data where words should be`);
    must(found.title !== 'HONG' && found.foreign === 0 && found.handlers === 0, `${at}: ${JSON.stringify(found)}`);
    must(found.schemes.every((one) => ['http:', 'https:', 'mailto:'].includes(one)), `${at}: links to ${found.schemes}`);
    await page.evaluate(axe);
    const result = await page.evaluate((runOnly) => window.axe.run({ runOnly }), RULES);
    checks += result.passes.length;
    for (const v of result.violations) {
      must(false, `${at} at ${width}, ${colorScheme}: ${v.id}: ${v.help} (${v.nodes.slice(0, 2).map((n) => n.target.join(' ')).join('; ')})`);
    }
  }
  await context.close();
}

/** By keyboard alone: the first step leads past the menu, and everything that can be pressed shows where one stands. */
async function keyboard(browser) {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${base}/tim`);
  await page.keyboard.press('Tab');
  must(await page.evaluate(() => document.activeElement.getAttribute('href')) === '#noi-dung', 'the first stop does not lead to the text');
  for (let stop = 0; stop < 25; stop += 1) {
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => {
      const node = document.activeElement;
      return node === document.body ? 'body' : getComputedStyle(node).outlineStyle;
    });
    must(outline !== 'none', `stop ${stop} of the keyboard is not to be seen`);
  }
  await context.close();
}

/** On paper: A4, and no menu on it. */
async function paper(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  for (const [at, name] of [['/ban-tin/hang-ngay/288', 'edition'], ['/bao-cao/2026-11', 'month']]) {
    await page.goto(base + at);
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    must(/MediaBox\s*\[\s*0 0 59[45](\.\d+)? 84[12]/.test(pdf.toString('latin1')), `${at}: not A4`);
    if (pictures) fs.writeFileSync(path.join(pictures, `${name}.pdf`), pdf);
    await page.emulateMedia({ media: 'print' });
    must(!(await page.locator('header.top').isVisible()), `${at}: the menu is printed`);
    await page.emulateMedia({ media: null });
  }
  await context.close();
}

(async () => {
  const all = await addresses();
  console.log(`${all.length} pages: ${all.join(' ')}`);
  await markup(all);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  for (const view of VIEWS) {
    await look(browser, all, view);
    await judge(browser, all, view);
  }
  await keyboard(browser);
  await paper(browser);
  await browser.close();
  faults.forEach((fault) => console.log(`FAULT ${fault}`));
  console.log(`${checks - faults.length} passed, ${faults.length} failed`);
  process.exit(faults.length === 0 ? 0 : 1);
})();
