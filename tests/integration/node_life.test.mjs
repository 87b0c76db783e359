// A node's life: enrolment, reboots without a disk, damage on its disk, certificates that renew and
// expire, drain, revocation; and that nothing of a prompt stays on its disk or in its log.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync,
  writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();

const runNode = (name, instance, ...flags) => grid.launch(name, programs.node,
  ['run', '--coordinator', `localhost:${grid.gatewayPort}`, '--data-dir', grid.path(name),
    '--instance', String(instance), ...flags]);
const ended = (child, seconds = 20) =>
  until('the node has ended', () => child.exitCode !== null || child.signalCode !== null, seconds);
const logged = (name, pattern, from = 0, seconds = 30) =>
  until(`${name} logs ${pattern}`, () => pattern.exec(grid.log(name).slice(from)), seconds);
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const restarted = async (name) => {
  const node = grid.nodes.get(name);
  const from = grid.log(name).length;
  node.child = runNode(name, node.instance);
  await logged(name, /event=connected/, from);
  return from;
};
const stopped = async (name) => {
  const { child } = grid.nodes.get(name);
  child.kill('SIGTERM');
  await ended(child);
  assert.equal(child.exitCode, 0, grid.log(name));
};

const checked = testsOf(grid, async () => {
  // The shortest life of a certificate: renewed after 40 s, over after 60 s.
  await grid.start({ coordinatorFlags: ['--gateway-node-certificate-validity', '1m'] });
  await grid.addNode('one', 1);
  await grid.addNode('off', 2);
  await stopped('off');
  grid.offSince = Date.now();
});

checked('a private key is private and the status tells where the node stands', async () => {
  const key = join(grid.path('one'), 'node.key');
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.equal(statSync(grid.path('one')).mode & 0o777, 0o700);
  const told = spawnSync(programs.node, ['status', '--data-dir', grid.path('one')],
    { encoding: 'utf8' });
  const status = JSON.parse(told.stdout);
  assert.equal(status.node, grid.nodes.get('one').id);
  assert.equal(status.running, true);
  assert.equal(status.state, 'connected');
});

checked('a second node in the same folder is refused', async () => {
  const log = grid.log('one').length;
  const second = runNode('one', 1);
  await ended(second);
  assert.equal(second.exitCode, 1);
  assert.match(grid.log('one').slice(log), /another gleaner-node runs/);
});

checked('a machine that forgets its disk comes back in under a second as the same node', async () => {
  const site = grid.addSite('diskless café');
  const token = grid.ctl(grid.ownerKey, 'token', 'new', '--site', site, '--unlimited').token;
  const tokenFile = grid.path('token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const ids = new Set();
  const times = [];
  for (let boot = 0; boot < 3; ++boot) {
    const begun = Date.now();
    const from = grid.log('diskless').length;
    const child = runNode('diskless', 7, '--token-file', tokenFile, '--benchmark=false');
    const match = await logged('diskless', /event=enrolled node=(\S+) .*known_hardware=(\w+)/, from);
    times.push(Date.now() - begun);
    assert.equal(match[2], boot === 0 ? 'false' : 'true');
    ids.add(match[1]);
    await logged('diskless', /event=connected/, from);
    child.kill('SIGKILL');
    await ended(child);
    rmSync(grid.path('diskless'), { recursive: true });
  }
  assert.equal(ids.size, 1, 'one node over all boots');
  assert.ok(Math.min(...times) < 1000, `enrolled after ${times} ms`);
});

checked('a disk image carried to another machine gives that machine its own identity', async () => {
  await stopped('one');
  const elsewhere = runNode('one', 55);
  await ended(elsewhere);
  assert.equal(elsewhere.exitCode, 3);
  assert.match(grid.log('one'), /made on another machine/);
  await restarted('one');
});

checked('wrong tokens are refused in words, and the node does not insist', async () => {
  const good = grid.newToken(grid.nodes.get('one').site);
  const [secret, pin, release] = good.split('.');
  const zeros = '0'.repeat(64);
  for (const [token, status, words] of [
    ['nonsense', 1, /does not begin with glt_/],
    [`${secret}.${pin}`, 1, /lacks the release key's fingerprint/],
    [`${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}.${pin}.${release}`, 3,
      /token is wrong/],
    [`${secret}.${zeros}.${release}`, 3, /another authority/],
    [`${secret}.${pin}.${zeros}`, 3,
      new RegExp(`names the release key ${release.slice(0, 16)}, the token names 0{16}:`)],
  ]) {
    const from = grid.log('stranger').length;
    const child = runNode('stranger', 8, '--token', token);
    await ended(child);
    assert.equal(child.exitCode, status);
    assert.match(grid.log('stranger').slice(from), words);
    assert.ok(!grid.log('stranger').includes(secret), 'a token is never logged');
    for (const file of ['node.key', 'node.crt', 'release.pub'])
      assert.ok(!existsSync(join(grid.path('stranger'), file)), file);
  }
});

checked('nothing of prompts or answers stays on the disk or in the log', async () => {
  const marker = 'kiwifruit7341';
  grid.tryCtl(grid.apiKey, 'chat', `123+456= ${marker}`);
  const body = JSON.stringify({ custom_id: 'm', method: 'POST', url: '/v1/chat/completions',
    body: { model: 'demo-arith', max_tokens: 8,
      messages: [{ role: 'user', content: `1+1= ${marker}` }] } });
  writeFileSync(grid.path('marked.jsonl'), `${body}\n`);
  await grid.finished(grid.submit(grid.path('marked.jsonl')));
  await grid.finished(grid.submit(grid.requests(100, 'work.jsonl')));
  assert.match(grid.log('one'), /event=sandbox_proven/);
  assert.match(grid.log('one'), /event=engine_ready/);
  assert.ok(!grid.log('one').includes(marker));
  for (const file of files(grid.path('one'))) {
    if (!file.includes('/cache/')) assert.ok(!readFileSync(file).includes(marker), file);
  }
});

checked('an engine or a model altered on the disk is noticed and fetched again', async () => {
  await stopped('one');
  const cache = files(join(grid.path('one'), 'cache'));
  const library = cache.find((file) => file.includes('/engines/') && /libllama/.test(file));
  const model = cache.find((file) => file.includes('/models/'));
  for (const file of [library, model]) {
    chmodSync(file, 0o600);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(file, bytes);
  }
  const from = await restarted('one');
  const requests = grid.requests(50, 'repaired.jsonl');
  const job = grid.submit(requests);
  await logged('one', /event=engine_damaged_on_disk .*libllama/, from);
  await logged('one', /event=model_damaged_on_disk/, from);
  await grid.finished(job);
  grid.check(requests, job);
});

checked('SIGTERM hands unfinished work back and another node does it', async () => {
  await grid.addNode('two', 3);
  const requests = grid.requests(800, 'drained.jsonl');
  const job = grid.submit(requests);
  await until('some are done', () => grid.job(job).request_counts.completed > 100);
  const begun = Date.now();
  await stopped('one');
  assert.ok(Date.now() - begun < 12_000, 'within the grace');
  const done = await grid.finished(job);
  assert.deepEqual(done.request_counts, { total: 800, completed: 800, failed: 0 });
  grid.check(requests, job);
  await restarted('one');
});

checked('a killed engine is started again and the work goes on', async () => {
  const requests = grid.requests(1200, 'crash.jsonl');
  const job = grid.submit(requests);
  await until('some are done', () => grid.job(job).request_counts.completed > 50);
  await logged('two', /event=engine_ready/);
  const from = grid.log('two').length;
  const pids = [...grid.log('two').matchAll(/event=engine_ready .*pid=(\d+)/g)];
  process.kill(Number(pids.at(-1)[1]), 'SIGKILL');
  const done = await grid.finished(job);
  assert.deepEqual(done.request_counts, { total: 1200, completed: 1200, failed: 0 });
  grid.check(requests, job);
  await logged('two', /event=engine_ended/, from);
  await logged('two', /event=engine_ready/, from);
});

checked('a model chunk tampered with on its way is refused by name and not fetched for ever', async () => {
  await stopped('one');
  await stopped('two');
  const sha256 = createHash('sha256').update(readFileSync(process.env.GLEANER_TEST_MODEL))
    .digest('hex');
  const blob = files(grid.path('coordinator')).find((file) => file.includes(sha256));
  const whole = readFileSync(blob);
  const bytes = Buffer.from(whole);
  bytes[bytes.length >> 1] ^= 1;
  chmodSync(blob, 0o600);
  writeFileSync(blob, bytes);
  await grid.addNode('fresh', 4);
  const job = grid.submit(grid.requests(20, 'tampered.jsonl'));
  await logged('fresh', new RegExp(`event=model_failed .*${sha256}, chunk 0 of 1`));
  assert.equal(grid.log('fresh').match(/event=chunk_damaged/g).length, 3);
  assert.ok(!files(join(grid.path('fresh'), 'cache/models')).length, 'nothing of it is kept');
  writeFileSync(blob, whole);
  grid.ctl(grid.apiKey, 'job', 'cancel', job);
  await stopped('fresh');
  await restarted('one');
  await restarted('two');
});

checked('a certificate renews itself before it ends', async () => {
  await logged('one', /event=certificate_renewed/, 0, 70);
});

checked('an expired certificate is told as such; with a token the node enrols again', async () => {
  await until('it has expired', () => Date.now() - grid.offSince > 62_000, 70);
  const from = grid.log('off').length;
  const without = runNode('off', 2);
  await ended(without);
  assert.equal(without.exitCode, 3);
  assert.match(grid.log('off').slice(from), /certificate has expired/);
  const { site, id } = grid.nodes.get('off');
  const again = runNode('off', 2, '--token', grid.newToken(site));
  const match = await logged('off', /event=enrolled node=(\S+) .*known_hardware=true/, from);
  assert.equal(match[1], id);
  await logged('off', /event=connected/, from);
  again.kill('SIGTERM');
  await ended(again);
});

checked('a revoked node stops at once, deletes its key and is not let in again', async () => {
  const { child, id } = grid.nodes.get('two');
  grid.ctl(grid.operator, 'node', 'revoke', id);
  await ended(child, 10);
  assert.equal(child.exitCode, 3);
  assert.match(grid.log('two'), /disenrolled this node/);
  assert.ok(!existsSync(join(grid.path('two'), 'node.key')));
  assert.ok(existsSync(join(grid.path('two'), 'release.pub')), 'trust is not the coordinator\'s');
});

checked('a coordinator that names another release key is refused by every machine', async () => {
  const key = (name) => {
    const { fingerprint, public_key: text } = grid.ctl(null, 'key', 'show', grid.path(name));
    return { fingerprint, text };
  };
  grid.ctl(null, 'key', 'new', '--out', grid.path('other.key'));
  const [right, other] = [key('release.key'), key('other.key')];
  const site = grid.addSite('captured café');
  const tokenFile = grid.path('token-of-the-image');
  writeFileSync(tokenFile, grid.newToken(site, '--unlimited'), { mode: 0o600 });
  const run = async (name, instance, ...flags) => {
    const from = grid.log(name).length;
    const child = runNode(name, instance, ...flags);
    await ended(child);
    assert.equal(child.exitCode, 3, grid.log(name));
    return grid.log(name).slice(from);
  };
  const keeper = runNode('keeper', 21, '--token-file', tokenFile);
  await logged('keeper', /event=connected/);
  keeper.kill('SIGTERM');
  await ended(keeper);

  grid.coordinator.kill('SIGTERM');
  await ended(grid.coordinator);
  grid.coordinatorFlags.push('--release-public-key', other.text);
  await grid.startCoordinator();

  // Without a disk: all that this machine knows is in the token.
  const diskless = await run('bare', 20, '--token-file', tokenFile);
  assert.match(diskless, new RegExp(
    `names the release key ${other.fingerprint}, the token names ${right.fingerprint}`));
  assert.match(diskless, /get a new token/);
  for (const file of ['node.key', 'node.crt', 'release.pub'])
    assert.ok(!existsSync(join(grid.path('bare'), file)), file);

  // With a disk: a token that the captured coordinator makes does not change what is trusted.
  rmSync(join(grid.path('keeper'), 'node.crt'));
  const token = grid.newToken(site);
  const kept = await run('keeper', 21, '--token', token);
  assert.match(kept, new RegExp(
    `trusts the release key ${right.fingerprint}, the token names ${other.fingerprint}`));
  assert.match(kept, /delete release\.pub/);

  // The owner has asked, and the key was changed indeed: the token was not used up.
  rmSync(join(grid.path('keeper'), 'release.pub'));
  const from = grid.log('keeper').length;
  const again = runNode('keeper', 21, '--token', token);
  await logged('keeper', /event=enrolled .*known_hardware=true/, from);
  await logged('keeper', /event=connected/, from);
  again.kill('SIGTERM');
  await ended(again);
});
