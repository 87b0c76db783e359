// What the coordinator asks for before it serves, and whom it turns away at once.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();

const checked = testsOf(grid, async () => {
  await grid.start({ coordinatorFlags: ['--api-requests-per-minute', '12'] });
});

checked('without a release key the coordinator says how to make one and does not start', () => {
  const config = grid.path('keyless.toml');
  const init = spawnSync(programs.coordinator, ['init', '--config', config, '--data-folder',
    grid.path('keyless'), '--gateway-port', '0', '--api-port', '0'], { encoding: 'utf8' });
  assert.equal(init.status, 0, init.stderr);
  assert.match(init.stdout, /gleanerctl key new --out release\.key.*\n.*release_public_key = /);
  const serve = spawnSync(programs.coordinator, ['serve', '--config', config],
    { encoding: 'utf8', timeout: 20_000 });
  assert.equal(serve.status, 1);
  assert.match(serve.stderr, /release_public_key is not set.*gleanerctl key new --out release\.key/);
});

checked('a request that no machine can take is refused at once, with the reason', async () => {
  for (const [privacy, reason] of [['any', /no node that can run this model is online/],
    ['certified', /no node of a certified site/]]) {
    const started = Date.now();
    const reply = await grid.chat(grid.apiKey, '1+1=', {}, { 'gleaner-privacy': privacy });
    assert.ok(Date.now() - started < 5_000, 'it did not wait for the queue');
    assert.equal(reply.status, 429, reply.text);
    assert.equal(reply.json.error.code, 'rate_limit_exceeded');
    assert.match(reply.json.error.message, reason);
    assert.ok(Number(reply.headers['retry-after']) >= 1);
    assert.equal(reply.headers['x-ratelimit-limit-requests'], '12');
    assert.equal(reply.headers['x-ratelimit-limit-tokens'], '60000000');
  }
});

checked('a customer beyond the rate gets 429 with the time to wait, others are served', async () => {
  const other = grid.addCustomer('other');
  let reply;
  for (let i = 0; i < 13; i += 1) {
    reply = await grid.request(other.key, 'GET', '/v1/models');
    if (reply.status !== 200) break;
  }
  assert.equal(reply.status, 429, reply.text);
  assert.equal(reply.json.error.code, 'rate_limit_exceeded');
  assert.match(reply.json.error.message, /requests per min: Limit 12.*try again in \d/);
  const wait = Number(reply.headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 5, String(wait));
  assert.equal((await grid.request(grid.apiKey, 'GET', '/v1/models')).status, 200);
  await until('it is served again', async () =>
    (await grid.request(other.key, 'GET', '/v1/models')).status === 200, 10);
});

checked('uploads that nothing names are removed when the coordinator starts', async () => {
  const day = 24 * 3600;
  const now = Date.now() / 1000;
  const put = (name, age) => {
    const path = grid.path(`coordinator/${name}`);
    writeFileSync(path, 'bytes');
    utimesSync(path, now - age, now - age);
    return path;
  };
  const old = [put('files/file-lost', 2 * day), put(`artefacts/${'ab'.repeat(32)}`, 2 * day)];
  const fresh = [put('files/file-new', day / 2), put(`artefacts/${'cd'.repeat(32)}`, day / 2)];
  const model = grid.ctl(grid.operator, 'model', 'list').data[0].sha256;
  utimesSync(grid.path(`coordinator/artefacts/${model}`), now - 2 * day, now - 2 * day);
  grid.coordinator.kill('SIGKILL');
  await until('it is gone', () => grid.coordinator.signalCode !== null);
  await grid.startCoordinator();
  for (const path of old) assert.ok(!existsSync(path), path);
  for (const path of fresh) assert.ok(existsSync(path), path);
  assert.ok(existsSync(grid.path(`coordinator/artefacts/${model}`)), 'the model is named');
});
