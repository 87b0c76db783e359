// Online requests over real nodes: the official SDK, and a node killed in the middle of an answer.
import assert from 'node:assert/strict';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';
import { MeasuredLine } from '../support/measured_line.mjs';

const grid = new Grid();
const partOfAnswer = 20_000;  // bytes; the whole answer is some hundred thousand
let line;  // between node one and the coordinator

const ended = (child) => new Promise((resolve) => {
  let out = '';
  child.stdout.on('data', (piece) => { out += piece; });
  child.stderr.on('data', () => {});
  child.on('close', (code) => resolve({ code, out }));
});

const checked = testsOf(grid, async () => {
  await grid.start();
  line = await MeasuredLine.open(grid.gatewayPort);
  const direct = `localhost:${grid.gatewayPort}`;
  await grid.joined('one', grid.addSite('site of one'), 1, (args) => grid.launch('one',
    programs.node, args.map((arg) => (arg === direct ? `localhost:${line.port}` : arg))));
  // Work for it, so that it has the model in memory.
  await grid.finished(grid.submit(grid.requests(400, 'warm.jsonl')));
});

checked('the official openai SDK finds the surface it expects', async () => {
  const { code, out } = await ended(grid.sdk('conformance/openai.mjs'));
  assert.equal(code, 0, out);
  assert.ok(out.split('\n').filter((line) => line.startsWith('ok ')).length >= 10, out);
});

checked('an answer of a node that has earned trust is verified, and its receipt says so', async () => {
  const reply = await grid.chat(grid.apiKey, '12+34=');
  assert.equal(reply.status, 200, reply.text);
  assert.ok(Number(reply.headers['x-ratelimit-remaining-requests']) > 0);
  assert.ok(Number(reply.headers['x-ratelimit-remaining-tokens']) > 0);
  const receipt = await until('the receipt is kept', async () => {
    const kept = await grid.request(grid.apiKey, 'GET',
      `/v1/receipts/${reply.headers['x-request-id']}`);
    return kept.status === 200 && kept.json;
  });
  assert.equal(receipt.verified, true, JSON.stringify(receipt));
});

checked('an answer that its reader leaves is stopped, and what came of it has its receipt', async () => {
  line.allow(partOfAnswer);
  const { code, out } = await ended(grid.sdk('conformance/abort.mjs', 'count 98'));
  line.allow(Infinity);
  assert.equal(code, 0, out);
  const { generated_tokens: generated, parts } = JSON.parse(out);
  assert.equal(parts.length, 1);
  assert.ok(generated > 0 && generated < 150, `${generated} of some 290 tokens`);
});

checked('an answer goes on when its node is killed midway, each token billed once', async () => {
  const whole = await ended(grid.sdk('conformance/failover.mjs', 'count 98'));
  const expected = JSON.parse(whole.out);
  const deviceMicros = (name) => grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner).data
    .filter(({ label }) => label.includes(grid.nodes.get(name).id))
    .reduce((sum, line) => sum + line.device_micros, 0);
  const records = () => grid.ctl(grid.operator, 'ledger', 'check').meter_records;
  let before_ = -1;
  await until('the whole answer is metered', () => {
    const now = records();
    const settled = now === before_;
    before_ = now;
    return settled;
  });

  const deviceMicrosBefore = deviceMicros('one');
  assert.ok(deviceMicrosBefore > 0);

  // The line of the one node that can answer stops in mid-answer; only then is there another, and
  // only then is the first one killed: the answer cannot be over before.
  const { child: one } = grid.nodes.get('one');
  line.allow(partOfAnswer);
  const child = grid.sdk('conformance/failover.mjs', 'count 98');
  let pieces = 0;
  const finishing = ended(child);
  child.stderr.on('data', (dots) => { pieces += dots.length; });
  await until('some tokens came', () => pieces > 0);
  await grid.addNode('two', 2);
  assert.equal(child.exitCode, null, 'the answer waits for its node');
  one.kill('SIGKILL');
  line.close();
  const { code, out } = await finishing;
  assert.equal(code, 0, out);
  const seen = JSON.parse(out);
  assert.equal(seen.text, expected.text);
  assert.equal(seen.usage.prompt_tokens, expected.usage.prompt_tokens);
  await until('both parts are metered', () => records() === before_ + 2);
  // Each token is on the part of the node that made it, the prompt on one only.
  const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${seen.id}`);
  const sum = (field) => receipt.parts.reduce((total, part) => total + part[field], 0);
  assert.equal(receipt.parts.length, 2);
  assert.ok(receipt.parts.every((part) => part.generated_tokens > 0), JSON.stringify(receipt));
  assert.equal(sum('generated_tokens'), seen.usage.completion_tokens);
  assert.equal(sum('prompt_tokens'), seen.usage.prompt_tokens);
  assert.equal(sum('price_micros'), receipt.price_micros);
  // Of an answer on one node, the end token may be counted once more.
  const more = expected.usage.completion_tokens - seen.usage.completion_tokens;
  assert.ok(more >= 0 && more <= 1, `${more} tokens fewer than on one node`);
  assert.ok(deviceMicros('one') > deviceMicrosBefore, 'the lost node is credited its time');
  assert.ok(deviceMicros('two') > 0);
  assert.deepEqual(grid.ctl(grid.operator, 'ledger', 'check').violations, []);
});
