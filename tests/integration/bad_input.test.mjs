// What a customer or an operator can send wrong: each gets an error that says what to do, costs
// nobody anything, and the grid still serves another customer afterwards.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const quotaBytes = 8 << 20;
let other;

const line = (id, more = {}) => ({ custom_id: id, method: 'POST', url: '/v1/chat/completions',
  body: { model: 'demo-arith', messages: [{ role: 'user', content: '1+1=' }], max_tokens: 8,
    ...more } });

// Runs `body`; then the customer has what they had, the ledger balances, and others are served.
const costsNothing = async (body) => {
  const had = grid.account();
  const { meter_records: metered } = grid.ledger();
  await body();
  assert.deepEqual(grid.account(), had);
  assert.equal(grid.ledger().meter_records, metered);
  await grid.serves(other.key);
};

const refused = (reply, status, code, words) => {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.json.error.code, code);
  assert.match(reply.json.error.message, words);
  assert.match(reply.headers['x-request-id'], /^req_/);
};

const checked = testsOf(grid, async () => {
  await grid.start({ coordinatorFlags: ['--api-project-bytes-max', String(quotaBytes)] });
  other = grid.addCustomer('other');
  await grid.addNode('one', 1, undefined, '--memory-limit', '512MiB');
  await until('the node has the model', () => grid.serves(other.key).then(() => true, () => false));
});

checked('malformed lines fail a batch before it runs, each named by its number', () =>
  costsNothing(async () => {
    const { json } = await grid.batch(grid.apiKey, [
      line('good'),
      '{"custom_id": "cut", "method": "POST", "url": ',
      { ...line('x'), custom_id: undefined },
      line('good'),
      { ...line('get'), method: 'GET' },
      { ...line('elsewhere'), url: '/v1/embeddings' },
      '[]',
      '',
      { ...line('bodiless'), body: undefined },
    ]);
    const batch = await grid.ended(grid.apiKey, json.id);
    assert.equal(batch.status, 'failed');
    assert.ok(batch.failed_at >= batch.created_at);
    assert.equal(batch.output_file_id, null);
    assert.equal(batch.errors.object, 'list');
    const told = batch.errors.data.map((error) => [error.line, error.code]);
    assert.deepEqual(told, [
      [2, 'invalid_json_line'], [3, 'missing_required_parameter'], [4, 'duplicate_custom_id'],
      [5, 'invalid_method'], [6, 'invalid_url'], [7, 'invalid_json_line'],
      [9, 'missing_required_parameter']]);
    for (const error of batch.errors.data) assert.ok(error.message.length > 20, error.message);
    assert.match(batch.errors.data[2].message, /'good'/);
  }));

checked('an unknown model is told as such, online and in a batch', () =>
  costsNothing(async () => {
    const online = await grid.chat(grid.apiKey, '1+1=', { model: 'gpt-17' });
    refused(online, 404, 'model_not_found', /'gpt-17'.*GET \/v1\/models/);
    const { json } = await grid.batch(grid.apiKey, [line('a', { model: 'gpt-17' })]);
    const batch = await grid.ended(grid.apiKey, json.id);
    assert.equal(batch.status, 'failed');
    assert.deepEqual([batch.errors.data[0].line, batch.errors.data[0].code], [1, 'model_not_found']);
    assert.match(batch.errors.data[0].message, /'gpt-17'/);
  }));

checked('a prompt that is too long is refused, by the coordinator or by the engine', () =>
  costsNothing(async () => {
    // Evidently too long; and one whose tokens only the engine can count.
    refused(await grid.chat(grid.apiKey, '7'.repeat(100_000)), 400, 'context_length_exceeded',
      /maximum context length is 1024 tokens.*shorten/);
    const counted = await grid.chat(grid.apiKey, '7'.repeat(3_000));
    assert.equal(counted.status, 400, counted.text);
    assert.match(counted.json.error.message, /context/);
    const streamed = await grid.chat(grid.apiKey, '7'.repeat(3_000), { stream: true });
    assert.equal(streamed.status, 400, streamed.text);
  }));

checked('a batch is billed for its good lines only; the others are in its error file', async () => {
  const { meter_records: metered } = grid.ledger();
  const long = (length) => ({ messages: [{ role: 'user', content: '7'.repeat(length) }] });
  const { json } = await grid.batch(grid.apiKey, [
    line('good'), line('evident', long(100_000)), line('counted', long(3_000)),
    line('hot', { temperature: 'very' }), line('last')]);
  const batch = await grid.ended(grid.apiKey, json.id);
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.request_counts, { total: 5, completed: 2, failed: 3 });
  const { text } = await grid.request(grid.apiKey, 'GET',
    `/v1/files/${batch.error_file_id}/content`);
  const errors = text.trim().split('\n').map((one) => JSON.parse(one));
  assert.deepEqual(errors.map((one) => one.custom_id), ['evident', 'counted', 'hot']);
  for (const { response, error } of errors) {
    assert.equal(error, null);
    assert.equal(response.status_code, 400);
    assert.ok(response.body.error.message.length > 20, JSON.stringify(response));
  }
  assert.equal(grid.ledger().meter_records - metered, 2);
  assert.equal(batch.gleaner.held_micros, 0, 'the rest of the hold is back');
  await grid.serves(other.key);
});

checked('a request that no node could be sent is refused and drops no node', async () => {
  const log = grid.log('one').length;
  await costsNothing(async () => {
    const padded = { chat_template_kwargs: { padding: 'x'.repeat(5 << 20) } };
    refused(await grid.chat(grid.apiKey, '1+1=', padded), 413, 'request_too_large', /3 MiB.*shorten/);
    const { json } = await grid.batch(grid.apiKey, [line('padded', padded)]);
    const batch = await grid.ended(grid.apiKey, json.id);
    assert.deepEqual(batch.request_counts, { total: 1, completed: 0, failed: 1 });
  });
  assert.doesNotMatch(grid.log('one').slice(log), /event=reconnecting/);
});

checked('a model that fits no node is refused with both sizes, online and as a batch',
  () => costsNothing(async () => {
    const bytes = readFileSync(process.env.GLEANER_TEST_MODEL);
    bytes[bytes.length - 4] ^= 1;  // another file, so another model
    writeFileSync(grid.path('large.gguf'), bytes);
    grid.ctl(grid.operator, 'model', 'add', grid.path('large.gguf'), '--name', 'large', '--slots',
      '256', '--price-prompt', '2', '--price-generated', '8');
    refused(await grid.chat(grid.apiKey, '1+1=', { model: 'large' }), 503, 'model_unavailable',
      /needs [\d.]+ GiB.*largest node has [\d.]+ GiB.*choose another model/);
    refused(await grid.batch(grid.apiKey, [line('a', { model: 'large' })]), 503,
      'model_unavailable', /needs [\d.]+ GiB.*largest node has [\d.]+ GiB.*choose a smaller/);
    grid.ctl(grid.operator, 'model', 'remove', 'large');
  }));

// Sends a head and then `pieces`, as long as nothing comes back; resolves with the reply.
const upload = (headers, pieces) => new Promise((resolve, reject) => {
  let sentBytes = 0;
  const sent = httpsRequest(new URL('/v1/files', grid.url), { method: 'POST', agent: false,
    ca: readFileSync(grid.authority), headers: { authorization: `Bearer ${grid.apiKey}`,
      'content-type': 'multipart/form-data; boundary=b', ...headers } }, (reply) => {
    let text = '';
    reply.on('data', (piece) => { text += piece; });
    reply.on('end', () => {
      resolve({ status: reply.statusCode, headers: reply.headers, text, json: JSON.parse(text),
        sentBytes });
      sent.destroy();
    });
  });
  sent.on('error', (problem) => setImmediate(reject, problem));
  sent.flushHeaders();
  const more = () => {
    const { done, value } = pieces.next();
    if (done || sent.destroyed) return;
    sentBytes += value.length;
    sent.write(value, () => setImmediate(more));
  };
  more();
});

function* endlessFile() {
  yield '--b\r\nContent-Disposition: form-data; name="file"; filename="big.jsonl"\r\n\r\n';
  const piece = Buffer.alloc(1 << 18, 'x');
  for (let sent = 0; sent < 20 * quotaBytes; sent += piece.length) yield piece;
}

checked('an upload over quota is refused before it is sent, or where it passes the quota', () =>
  costsNothing(async () => {
    const announced = await upload({ 'content-length': 5_000_000_000 }, [][Symbol.iterator]());
    refused(announced, 413, 'storage_quota_exceeded', /delete files/);
    // Without an announcement it is noticed on the way; what TLS and TCP hold in flight is extra.
    const grown = await upload({ 'transfer-encoding': 'chunked' }, endlessFile());
    refused(grown, 413, 'storage_quota_exceeded', /delete files/);
    assert.ok(grown.sentBytes < quotaBytes + (8 << 20), `${grown.sentBytes} bytes were taken`);
    assert.deepEqual(readdirSync(grid.path('coordinator/partial')), [], 'nothing of it is left');
    const files = await grid.request(grid.apiKey, 'GET', '/v1/files');
    assert.ok(files.json.data.every((file) => file.filename !== 'big.jsonl'));
  }));

checked('a file that is no model is refused by name, by gleanerctl and by the coordinator', () =>
  costsNothing(async () => {
    const model = readFileSync(process.env.GLEANER_TEST_MODEL);
    const models = grid.ctl(grid.operator, 'model', 'list').data.length;
    for (const [name, bytes, words] of [
      ['truncated', model.subarray(0, model.length >> 1), /truncated|shorter|cut/],
      ['headless', model.subarray(0, 3_000), /truncated|shorter|cut|ends/],
      ['garbage', Buffer.alloc(4096, 'not a model '), /GGUF/],
      ['empty', Buffer.alloc(0), /GGUF|empty/],
    ]) {
      const file = grid.path(`${name}.gguf`);
      writeFileSync(file, bytes);
      const told = grid.tryCtl(grid.operator, 'model', 'add', file, '--name', name);
      assert.notEqual(told.status, 0);
      assert.ok(told.stderr.includes(file), told.stderr);
      assert.match(told.stderr, words);
      // Whoever goes round gleanerctl learns the same of the coordinator, which keeps nothing.
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const sent = await grid.request(grid.operator, 'PUT', `/api/v1/artefacts/${sha256}`,
        { body: bytes });
      assert.equal(sent.status, 200, sent.text);
      const added = await grid.request(grid.operator, 'POST', '/api/v1/models',
        { body: { name, sha256 } });
      assert.equal(added.status, 400, added.text);
      assert.match(added.json.error.message, words);
      assert.match(added.json.error.message, new RegExp(name));
      assert.ok(!readdirSync(grid.path('coordinator/artefacts')).includes(sha256));
    }
    assert.equal(grid.ctl(grid.operator, 'model', 'list').data.length, models);
  }));

checked('a wrong or revoked key, or none, is refused with the way to a right one', () =>
  costsNothing(async () => {
    const wrong = `${grid.apiKey.slice(0, -1)}${grid.apiKey.endsWith('a') ? 'b' : 'a'}`;
    refused(await grid.chat(wrong, '1+1='), 401, 'invalid_api_key', /gleanerctl apikey new/);
    const none = await grid.chat(null, '1+1=');
    assert.equal(none.status, 401);
    assert.match(none.json.error.message, /Authorization/);
    assert.equal(none.headers['www-authenticate'], 'Bearer');
    const spare = grid.ctl(grid.operator, 'apikey', 'new', '--customer', grid.customer);
    assert.equal((await grid.request(spare.key, 'GET', '/v1/models')).status, 200);
    grid.ctl(grid.operator, 'apikey', 'revoke', spare.id);
    refused(await grid.chat(spare.key, '1+1='), 401, 'invalid_api_key', /revoked/);
    const told = grid.tryCtl(wrong, 'job', 'list');
    assert.notEqual(told.status, 0);
    assert.match(told.stderr, /Incorrect API key.*GLEANER_KEY/);
    assert.ok(!told.stderr.includes(wrong) && !grid.log('coordinator').includes(wrong));
  }));

checked('what the credit does not cover is refused with the missing amount', async () => {
  const poor = grid.addCustomer('poor', '0.000001');
  const reply = await grid.chat(poor.key, '1+1=', { max_tokens: 1000 });
  refused(reply, 429, 'insufficient_quota', /[Tt]op up/);
  const batch = await grid.batch(poor.key, [line('a', { max_tokens: 1000 })]);
  refused(batch, 429, 'insufficient_quota', /top up by at least/i);
  assert.equal(grid.account(poor.id).credit, 1);
  await grid.serves(other.key);
});

checked('a port that is taken is named with the option that changes it', async () => {
  const made = grid.launch('second-init', programs.coordinator, ['init', '--config',
    grid.path('second.toml'), '--data-folder', grid.path('second'), '--gateway-port', '0',
    '--api-port', '0', '--release-public-key',
    grid.ctl(null, 'key', 'show', grid.path('release.key')).public_key]);
  await until('it is made', () => made.exitCode === 0);
  for (const [option, port] of [['api', grid.apiPort], ['gateway', grid.gatewayPort]]) {
    const log = grid.log('second').length;
    const second = grid.launch('second', programs.coordinator, ['serve', '--config',
      grid.path('second.toml'), `--${option}-port`, port]);
    await until('it ends', () => second.exitCode !== null);
    assert.equal(second.exitCode, 1);
    const told = grid.log('second').slice(log);
    assert.match(told, new RegExp(`${port}: another program uses this port`));
    assert.match(told, new RegExp(`${option}.port|another ${option} port`));
  }
  await grid.serves(other.key);
});
