// Online requests over real nodes: the official SDK, and a node killed in the middle of an answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Grid, until } from '../support/grid.mjs';

const grid = new Grid();
let failed = false;
const checked = (name, body) => test(name, async () => {
  try {
    await body();
  } catch (problem) {
    failed = true;
    throw problem;
  }
});

const ended = (child) => new Promise((resolve) => {
  let out = '';
  child.stdout.on('data', (piece) => { out += piece; });
  child.stderr.on('data', () => {});
  child.on('close', (code) => resolve({ code, out }));
});

before(async () => {
  failed = true;
  await grid.start();
  await grid.addNode('one', 1);
  // Work for it, so that it has the model in memory.
  await grid.finished(grid.submit(grid.requests(400, 'warm.jsonl')));
  failed = false;
});
after(() => grid.stop(failed));

checked('the official openai SDK finds the surface it expects', async () => {
  const { code, out } = await ended(grid.sdk('conformance/openai.mjs'));
  assert.equal(code, 0, out);
  assert.ok(out.split('\n').filter((line) => line.startsWith('ok ')).length >= 10, out);
});

checked('an answer goes on when its node is killed midway, each token billed once', async () => {
  const whole = await ended(grid.sdk('conformance/failover.mjs', 'count 98'));
  const expected = JSON.parse(whole.out);
  const records = () => grid.ctl(grid.operator, 'ledger', 'check').meter_records;
  let before_ = -1;
  await until('the whole answer is metered', () => {
    const now = records();
    const settled = now === before_;
    before_ = now;
    return settled;
  });

  // The one node that can answer is stopped in mid-answer; only then is there another, and only then
  // is the first one killed: the answer cannot be over before.
  const { child: one } = grid.nodes.get('one');
  const child = grid.sdk('conformance/failover.mjs', 'count 98');
  let pieces = 0;
  const finishing = ended(child);
  child.stderr.on('data', (dots) => {
    if (pieces === 0) one.kill('SIGSTOP');
    pieces += dots.length;
  });
  await until('some tokens came', () => pieces > 0);
  await grid.addNode('two', 2);
  assert.equal(child.exitCode, null, 'the answer waits for its node');
  one.kill('SIGKILL');
  const { code, out } = await finishing;
  assert.equal(code, 0, out);
  const seen = JSON.parse(out);
  assert.equal(seen.text, expected.text);
  assert.equal(seen.usage.prompt_tokens, expected.usage.prompt_tokens);
  await until('both parts are metered', () => records() === before_ + 2);
  assert.deepEqual(grid.ctl(grid.operator, 'ledger', 'check').violations, []);
});
