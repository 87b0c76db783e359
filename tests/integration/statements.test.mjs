// Statements as people get them: a batch is worked off, and its owner, its customer and the platform
// read what it came to, as a table, as JSON that adds up, as CSV, as a page, and as a PDF that
// poppler reads, in Chinese, down to the meter records behind a line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const items = 20;
// A café's own name, as they come, and one that no page may take at its word.
const site = '阳光网咖（春熙路店）<b>&"';

const raw = (key, ...args) => {
  const env = { ...process.env, GLEANER_URL: grid.url, GLEANER_CA: grid.authority, GLEANER_KEY: key };
  const done = spawnSync(programs.gleanerctl, args, { env });
  assert.equal(done.status, 0, done.stderr.toString());
  return done.stdout;
};
const poppler = (program, ...args) => {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
};
const sum = (rows) => rows.reduce((all, row) => all + row.amount_micros, 0);
const period = ['--from', '2026-01-01', '--to', '2200-01-01'];

const checked = testsOf(grid, async () => {
  await grid.start({ coordinatorFlags: ['--invoices-seller-title', '拾穗算力有限公司',
    '--invoices-seller-taxpayer-number', '91510100MA6XX0XX0X'] });
  await grid.addNode('pc', 1, grid.addSite(site));
  await until('the node serves', () => grid.serves(grid.apiKey).then(() => true, () => false));
  const job = grid.submit(grid.requests(items));
  assert.equal((await grid.finished(job)).status, 'completed');
});

checked('every party\'s statement leads from opening to closing, and the owner sees the site', () => {
  const owner = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner, ...period);
  const customer = grid.ctl(grid.apiKey, 'statement', '--customer', grid.customer, ...period);
  const platform = grid.ctl(grid.operator, 'statement', '--platform', ...period);
  for (const statement of [owner, customer, platform])
    assert.equal(statement.opening_micros + sum(statement.data), statement.closing_micros);
  assert.equal(owner.data[0].site_name, site);
  assert.ok(owner.data[0].items >= items);
  assert.ok(owner.pending_micros > 0 && owner.pending_micros === owner.closing_micros);
  // What the customer paid is what the others got: nobody else has a share here.
  const paid = sum(customer.data.filter((line) => line.kind === 'work'));
  assert.equal(-paid, sum(owner.data) + sum(platform.data));
});

checked('the meter records behind a line sum to it, and show each side its own', () => {
  const { data } = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner, ...period);
  const behind = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner, '--records',
    '--subject', data[0].subject, ...period);
  assert.equal(behind.sum_micros, data[0].amount_micros);
  assert.equal(behind.data.length, data[0].items);
  assert.ok(behind.data.every((row) => row.hostname && row.customer === null));
  const mine = grid.ctl(grid.apiKey, 'statement', '--customer', grid.customer, '--records', ...period);
  assert.ok(mine.data.every((row) => row.request && row.hostname === null && row.node === null));
  const entries = grid.ctl(grid.apiKey, 'statement', '--customer', grid.customer, '--entries',
    '--kind', 'top_up', ...period);
  assert.ok(entries.data.length >= 1);
  const refused = grid.tryCtl(grid.apiKey, 'statement', '--owner', grid.owner, '--records');
  assert.notEqual(refused.status, 0);
});

checked('a PDF is A4 with embedded Chinese type, and says what the JSON says', () => {
  const file = grid.path('owner.pdf');
  raw(grid.ownerKey, 'statement', '--owner', grid.owner, ...period, '--format', 'pdf', '--lang', 'zh',
    '--out', file);
  const about = poppler('pdfinfo', file);
  assert.match(about, /A4/);
  assert.match(about, /Pages: +1\b/);
  assert.match(about, /Title: +收益对账单/);
  const fonts = poppler('pdffonts', file).trim().split('\n').slice(2);
  assert.ok(fonts.length > 0 && fonts.every((font) => / yes +yes +yes /.test(font)), fonts.join('\n'));
  const text = poppler('pdftotext', '-layout', file, '-');
  for (const word of ['收益对账单', '期初余额', '期末余额', '其中待确认', '阳光网咖（春熙路店）'])
    assert.ok(text.includes(word), `${word} is missing:\n${text}`);
  assert.match(text, / 1 ?\/ ?1\b/);
  const json = raw(grid.ownerKey, 'statement', '--owner', grid.owner, ...period, '--format', 'json');
  const { closing_micros: closing } = JSON.parse(json);
  const printed = (closing / 1e6).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1');
  assert.ok(text.includes(printed), `${printed} is missing:\n${text}`);
  // The reference at its foot is what the document's own command gives.
  const reference = createHash('sha256').update(json).digest('hex');
  assert.ok(text.replaceAll(/\s/g, '').includes(reference), `${reference} is missing:\n${text}`);
});

checked('a page escapes what is written on it, and CSV adds up', () => {
  const html = raw(grid.ownerKey, 'statement', '--owner', grid.owner, ...period, '--format', 'html',
    '--lang', 'zh').toString();
  assert.ok(html.includes('阳光网咖（春熙路店）&lt;b&gt;&amp;&quot;'));
  assert.ok(!html.includes('<b>') && !/<script|https?:/.test(html));
  const csv = raw(grid.apiKey, 'statement', '--customer', grid.customer, ...period, '--format', 'csv');
  const rows = csv.toString().trim().split('\r\n').map((row) => row.split(','));
  const money = (row) => Math.round(Number(row.at(-2)) * 1e6);
  const between = rows.slice(2, -1).reduce((all, row) => all + money(row), 0);
  assert.equal(money(rows[1]) + between, money(rows.at(-1)));
});

checked('a month that goes on is not invoiced, and a month without work has none', () => {
  const now = new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 7);
  const early = grid.tryCtl(grid.operator, 'invoice', 'issue', '--month', now);
  assert.notEqual(early.status, 0);
  assert.match(early.stderr, /is not over/);
  assert.deepEqual(grid.ctl(grid.operator, 'invoice', 'issue', '--month', '2026-01').data, []);
  assert.deepEqual(grid.ctl(grid.apiKey, 'invoice', 'list').data, []);
  assert.match(grid.tryCtl(grid.apiKey, 'invoice', 'show', 'GL-2026-000001').stderr, /no such invoice/);
  const admin = grid.ctl(grid.operator, 'apikey', 'new', '--customer', grid.customer, '--scope', 'admin').key;
  const tax = grid.ctl(admin, 'customer', 'tax', 'set', grid.customer, '--title',
    '某某科技有限公司', '--taxpayer-number', '91310000MA1FL0XX00', '--fapiao', 'special');
  assert.equal(tax.fapiao, 'special');
  const wrong = grid.tryCtl(admin, 'customer', 'tax', 'set', grid.customer, '--title', 'x',
    '--taxpayer-number', '123');
  assert.match(wrong.stderr, /15, 18 or 20/);
  const sheet = grid.path('basics.csv');
  raw(grid.operator, 'invoice', 'export', '--month', '2026-01', '--out', sheet);
  assert.match(readFileSync(sheet, 'utf8'), /^\ufeff发票流水号,发票类型/);
});

checked('the ledger balances after all that', () => {
  assert.ok(grid.ledger().balanced);
});
