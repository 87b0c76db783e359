// Prices, quotes and maximum prices over a real node: what is quoted bounds what is billed.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { Grid, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const micros = (decimal) => Math.round(Number(decimal) * 1e6);

const lines = (count, more = {}) => Array.from({ length: count }, (_, index) => ({
  custom_id: `r${index}`, method: 'POST', url: '/v1/chat/completions',
  body: { model: 'demo-arith', messages: [{ role: 'user', content: `${100 + index}+7=` }],
    temperature: 0, max_tokens: 8, ...more } }));

const book = (prompt, generated, more = '') => `
${more}
[currencies.CNY.models.demo-arith]
prompt = "${prompt}"
cached_prompt = "${prompt / 2}"
generated = "${generated}"
`;

function publish(text, ...flags) {
  writeFileSync(grid.path('prices.toml'), text);
  return grid.tryCtl(grid.operator, 'prices', 'publish', grid.path('prices.toml'), ...flags);
}

// A band of ten minutes and more around now, in Shanghai.
function bandAroundNow(factor) {
  const minute = Math.floor(Date.now() / 60000 + 8 * 60) % 1440;
  const text = (at) => {
    const of = ((at % 1440) + 1440) % 1440;
    return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
  };
  return `[[bands]]\nname = "peak"\nfrom = "${text(minute - 10)}"\nto = "${text(minute + 30)}"\n` +
    `factor = "${factor}"\n`;
}

const spent = async (body) => {
  const before_ = grid.account().closing;
  await body();
  assert.equal(grid.ledger().sum_micros, 0);
  assert.deepEqual(grid.ledger().violations, []);
  return before_ - grid.account().closing;
};

const checked = testsOf(grid, async () => {
  await grid.start({ withoutCanaries: true });
  await grid.addNode('one', 1);
  await until('it serves', async () =>
    (await grid.chat(grid.apiKey, '1+1=')).status === 200);
});

checked('a bad price book is refused with a sentence and changes nothing', () => {
  const refused = (text, why) => {
    const result = publish(text);
    assert.notEqual(result.status, 0);
    assert.match(JSON.parse(result.stderr).error.message, why);
  };
  refused(book('-1', '2'), /a price is not negative/);
  refused(book('0.5', '2').replace('CNY', 'GBP'), /no currency "GBP"/);
  refused(`from = 2020-01-01\n${book('0.5', '2')}`, /now or later/);
  refused(book('0.5', '2').replaceAll('"0.5"', '0.5'), /in quotes/);
  refused('[[bands]\n', /prices\.toml:1/);
  assert.deepEqual(grid.ctl(grid.operator, 'prices', 'list').data, []);
});

checked('a batch costs what its quote said, and its receipts name the price book', async () => {
  assert.equal(publish(book('200', '800'), '--dry-run').status, 0);
  assert.deepEqual(grid.ctl(grid.operator, 'prices', 'list').data, []);
  assert.equal(publish(book('200', '800')).status, 0);
  assert.equal(grid.ctl(grid.apiKey, 'prices', 'show').version, 1);
  writeFileSync(grid.path('job.jsonl'), lines(60).map((line) => JSON.stringify(line)).join('\n'));
  const quote = grid.ctl(grid.apiKey, 'quote', grid.path('job.jsonl'));
  assert.equal(quote.requests, 60);
  assert.equal(quote.currency, 'CNY');
  assert.equal(quote.tariff.price_book, 1);
  assert.equal(quote.deadline_met, 'yes');
  assert.deepEqual(quote.warnings, []);
  assert.ok(quote.finish.earliest <= quote.finish.latest);
  const stored = await grid.request(grid.apiKey, 'GET', '/v1/files?purpose=batch');
  assert.deepEqual(stored.json.data, [], 'a quote leaves no file behind');
  let job;
  const bill = await spent(async () => {
    const id = grid.submit(grid.path('job.jsonl'), '--price-book', '1');
    job = await grid.finished(id);
  });
  assert.deepEqual(job.request_counts, { total: 60, completed: 60, failed: 0 });
  assert.ok(micros(quote.price.lowest) <= bill, `${quote.price.lowest} <= ${bill}`);
  assert.ok(bill <= micros(quote.price.highest), `${bill} <= ${quote.price.highest}`);
  const output = await grid.request(grid.apiKey, 'GET', `/v1/files/${job.output_file_id}/content`);
  let sum = 0;
  for (const line of output.text.trim().split('\n').map((text) => JSON.parse(text))) {
    const { usage } = line.response.body;
    const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${line.id}`);
    assert.equal(receipt.price_book, 1);
    assert.equal(receipt.time_band, null);
    assert.equal(receipt.cached_tokens, usage.prompt_tokens_details.cached_tokens);
    assert.ok(receipt.cached_tokens <= receipt.prompt_tokens);
    const fresh = receipt.prompt_tokens - receipt.cached_tokens;
    assert.equal(receipt.price_micros,
      fresh * 200 + receipt.cached_tokens * 100 + receipt.generated_tokens * 800);
    sum += receipt.price_micros;
  }
  assert.equal(sum, bill);
});

checked('an online answer costs the price of its moment', async () => {
  const reply = await grid.chat(grid.apiKey, '5+6=');
  const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.equal(receipt.price_book, 1);
  assert.equal(receipt.price_micros, (receipt.prompt_tokens - receipt.cached_tokens) * 200 +
    receipt.cached_tokens * 100 + receipt.generated_tokens * 800);
});

checked('a batch with a maximum price stops in time, and the rest says why', async () => {
  let job;
  const bill = await spent(async () => {
    const { json } = await grid.batch(grid.apiKey, lines(200), { max_price: '0.2' });
    assert.equal(json.gleaner.max_price, '0.200000');
    assert.equal(json.gleaner.held_micros, 200000);
    job = await grid.finished(json.id);
  });
  assert.ok(bill <= 200000, `${bill}`);
  assert.ok(bill > 100000, `${bill}: much of it was used`);
  assert.equal(job.status, 'completed');
  assert.equal(job.gleaner.held_micros, 0);
  const { total, completed, failed } = job.request_counts;
  assert.equal(completed + failed, total);
  assert.ok(completed > 0 && failed > 0);
  const errors = await grid.request(grid.apiKey, 'GET', `/v1/files/${job.error_file_id}/content`);
  const codes = errors.text.trim().split('\n').map((text) => JSON.parse(text).error.code);
  assert.equal(codes.length, failed);
  assert.deepEqual([...new Set(codes)], ['max_price_reached']);
});

checked('a maximum price that cannot hold, or none at all, is refused at once', async () => {
  const refused = async (max_price) => {
    const reply = await grid.batch(grid.apiKey, lines(50), { max_price });
    assert.equal(reply.status, 400, reply.text);
    assert.equal(reply.json.error.param, 'max_price');
    return reply.json.error;
  };
  assert.match((await refused('0.001')).message, /lowest prices/);
  for (const bad of ['0', '-1', '1.1234567', 'much', 5]) await refused(bad);
  const file = await grid.upload(grid.apiKey, lines(2));
  const quote = await grid.request(grid.apiKey, 'POST', '/v1/quotes', { body: {
    input_file_id: file.json.id, endpoint: '/v1/chat/completions', completion_window: '24h',
    gleaner: { price_book: 99 } } });
  assert.equal(quote.status, 409);
  assert.equal(quote.json.error.code, 'prices_changed');
});

checked('a batch that is too dear now waits for cheaper hours and says so', async () => {
  assert.equal(publish(book('200', '800', bandAroundNow('5'))).status, 0);
  const { json: batch } = await grid.batch(grid.apiKey, lines(100), { max_price: '1' });
  assert.equal(batch.gleaner.price_book, 2);
  assert.match(batch.gleaner.warnings.join(' '), /waits until/);
  const waiting = await until('it waits', async () => {
    const { json } = await grid.request(grid.apiKey, 'GET', `/v1/batches/${batch.id}`);
    return json.gleaner.status === 'waiting_for_price' && json;
  });
  assert.match(waiting.gleaner.note, /waits until .* for cheaper hours/);
  assert.equal(waiting.request_counts.completed, 0);
  const hurried = await grid.batch(grid.apiKey, lines(100),
    { max_price: '1', completion_window: '10m' });
  assert.match(hurried.json.gleaner.warnings.join(' '), /not both be met/);
  await grid.request(grid.apiKey, 'POST', `/v1/batches/${batch.id}/cancel`, { body: '{}' });
  const cancelled = await grid.finished(batch.id);
  assert.equal(cancelled.request_counts.completed, 0);
  const late = await grid.finished(hurried.json.id);
  assert.ok(late.request_counts.completed > 0 && late.request_counts.failed > 0);
  assert.equal(grid.ledger().sum_micros, 0);
});

checked('a quote says when nobody is here who can do it', async () => {
  const file = await grid.upload(grid.apiKey, lines(2));
  const { json: quote } = await grid.request(grid.apiKey, 'POST', '/v1/quotes', { body: {
    input_file_id: file.json.id, endpoint: '/v1/chat/completions', completion_window: '1h',
    gleaner: { privacy: 'certified' } } });
  assert.equal(quote.finish, null);
  assert.equal(quote.deadline_met, 'no');
  assert.match(quote.warnings.join(' '), /No device is here/);
});
