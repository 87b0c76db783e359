// A node as a guest on a desktop: real input at a real X server pauses real inference, and work
// comes back; the local socket tells and obeys, and does not obey everybody.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Desktop } from '../support/desktop.mjs';
import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
let desktop;
const socket = () => join(grid.path('pc'), 'control.sock');
const local = (...args) => {
  const done = spawnSync(programs.gleanerctl, [...args, '--socket', socket(), '--json'],
    { encoding: 'utf8' });
  return { ...done, json: done.status === 0 && done.stdout ? JSON.parse(done.stdout) : null };
};
const status = () => local('node', 'status').json;
const ask = (...args) => {
  const done = local(...args);
  assert.equal(done.status, 0, done.stderr);
  return done.json;
};

// Enough work that it is not over before the test is.
const workFor = (name) => grid.submit(grid.requests(30_000, `${name}.jsonl`));
const cancel = (id) => grid.ctl(grid.apiKey, 'job', 'cancel', id);
const engineRuns = () => spawnSync('pgrep', ['-f', `llama-server.*${grid.path('pc')}`]).status === 0;
// Among what a node has started, however deep.
const engineOf = (pid) => {
  const children = spawnSync('pgrep', ['-P', `${pid}`], { encoding: 'utf8' }).stdout.split('\n');
  for (const child of children.filter(Boolean)) {
    if (readFileSync(`/proc/${child}/comm`, 'utf8') === 'llama-server\n') return child;
    const deeper = engineOf(child);
    if (deeper) return deeper;
  }
  return null;
};

const checked = testsOf(grid, async () => {
  desktop = await Desktop.start(grid.folder);
  await grid.start();
  const site = grid.addSite('a home');
  const flags = ['--policy', 'guest', '--wait-to-join'];
  const child = grid.launch('pc', programs.node, ['run', '--data-dir', grid.path('pc'), '--instance',
    '1', ...flags], desktop.environment);
  grid.nodes.set('pc', { child, site, instance: 1 });
  await until('the node waits to be joined', () => existsSync(socket()) &&
    status()?.state === 'not joined');
});

after(() => desktop?.stop());

checked('a waiting node joins over the local socket, and says so in its log', async () => {
  writeFileSync(join(grid.folder, 'bad'), 'no token\n');
  const refused = local('node', 'join', '--coordinator', `localhost:${grid.gatewayPort}`,
    '--token-file', join(grid.folder, 'bad'));
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /token/);
  writeFileSync(join(grid.folder, 'token'), `${grid.newToken(grid.nodes.get('pc').site)}\n`);
  ask('node', 'join', '--coordinator', `localhost:${grid.gatewayPort}`, '--token-file',
    join(grid.folder, 'token'));
  await until('it is connected', () => ['waiting', 'paused'].includes(status().state));
  assert.match(JSON.stringify(ask('node', 'log')), /Joined site/);
  const again = local('node', 'join', '--token-file', join(grid.folder, 'token'));
  assert.match(again.stderr, /already/);
});

checked('settings are changed, explained and kept; bad ones are refused by name', async () => {
  // The test's own programs are not somebody at work.
  const changed = ask('node', 'policy', '--set', 'others_cpu_percent=0', '--set', 'idle_minutes=0');
  assert.match(changed.means, /two seconds/);
  assert.match(readFileSync(join(grid.path('pc'), 'settings.toml'), 'utf8'), /idle_minutes = 0/);
  for (const [setting, words] of [['idle_minutes=999', /idle_minutes/], ['idle_minuts=3', /idle_minutes/],
    ['hours=["moon 1-2"]', /mon-fri/]]) {
    const refused = local('node', 'policy', '--set', setting);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, words);
  }
  const report = spawnSync(programs.gleanerctl, ['node', 'report', '--socket', socket()],
    { encoding: 'utf8' }).stdout;
  assert.match(report, /^idle_minutes = 0$/m);
  assert.match(report, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info Joined site/m);
  await until('nobody is here', () => status().state === 'waiting', 20);
});

checked('real input pauses real inference, finished items are kept, and work comes back', async () => {
  const id = workFor('input');
  await until('it works', () => status().state === 'earning');
  await until('items are done', () => grid.job(id).request_counts.completed > 100);
  for (const what of [['key', 'a'], ['mousemove_relative', '5', '5'], ['click', '1']]) {
    const before = grid.job(id).request_counts.completed;
    desktop.input(...what);
    const paused = await until(`${what} pauses it`, () => {
      const now = status();
      return now.state === 'paused' && now;
    }, 10);
    assert.match(paused.why, /Somebody is using this PC/);
    await until('it works again', () => status().state === 'earning', 30);
    await until('more items are done', () =>
      grid.job(id).request_counts.completed > before + 50, 60);
  }
  const { failed } = grid.job(id).request_counts;
  assert.equal(failed, 0);
  cancel(id);
});

checked('asked to work slowly, the engine rests most of the time while somebody is here', async () => {
  ask('node', 'policy', '--set', 'when_in_use="throttle"');
  const id = workFor('slowly');
  await until('it works', () => status().state === 'earning');
  const engine = await until('the engine is found', () => engineOf(grid.nodes.get('pc').child.pid));
  const resting = async () => {
    let times = 0;
    for (let i = 0; i < 60; ++i) {
      if (i % 20 === 0) desktop.input('mousemove_relative', '5', '5');
      if (/^\d+ \(.*\) T/.test(readFileSync(`/proc/${engine}/stat`, 'utf8'))) ++times;
      await sleep(43);  // in no step with the engine's turns
    }
    return times / 60;
  };
  desktop.input('mousemove_relative', '5', '5');
  await until('it is throttled', () => status().devices[0].state === 'throttled', 10);
  const before = grid.job(id).request_counts.completed;
  const share = await resting();
  assert.ok(share > 0.5 && share < 0.95, `it rests ${share} of the time`);
  await until('it works all the same', () => grid.job(id).request_counts.completed > before);
  ask('node', 'policy', '--set', 'when_in_use="run"');
  await until('it works as ever', () => status().devices[0].state === 'running', 10);
  assert.equal(await resting(), 0);
  ask('node', 'policy', '--set', 'when_in_use="pause"');
  cancel(id);
});

checked('a taken seat frees the memory at once, and the operator sees why', async () => {
  const id = workFor('seat');
  await until('it works', () => status().state === 'earning');
  ask('session', 'begin');
  await until('the engine is gone', () => !engineRuns(), 10);
  const paused = status();
  assert.equal(paused.state, 'paused');
  assert.match(paused.why, /billing software/);
  const node = () => grid.ctl(grid.operator, 'node', 'list').data[0];
  await until('the operator sees it', () => node().state === 'paused');
  assert.equal(node().problem, 'in use');  // which program said so stays on the machine
  ask('session', 'end');
  await until('it works again', () => status().state === 'earning', 90);
  cancel(id);
});

checked('the person pauses and resumes; a pause outlasts nothing else', async () => {
  const id = workFor('person');
  await until('it works', () => status().state === 'earning');
  ask('node', 'pause', '--minutes', '60');
  const paused = await until('it is paused', () => {
    const now = status();
    return now.state === 'paused' && now;
  });
  assert.match(paused.why, /Paused by you/);
  assert.ok(paused.resumes_in_s > 3500 && paused.resumes_in_s <= 3600, `${paused.resumes_in_s}`);
  await until('the engine is gone', () => !engineRuns(), 10);
  ask('node', 'resume');
  await until('it works again', () => status().state === 'earning', 60);
  cancel(id);
});

checked('a benchmark ends when somebody needs the machine, and says why', async () => {
  const bench = spawn(programs.gleanerctl, ['node', 'bench', 'cpu', '--socket', socket(), '--json'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  bench.stderr.on('data', (bytes) => { said += bytes; });
  await until('it measures', () => said.includes('%'));
  ask('session', 'begin');
  const code = await new Promise((resolve) => bench.once('exit', resolve));
  ask('session', 'end');
  assert.equal(code, 1);
  assert.match(said, /The benchmark was stopped\..*billing software/);
});

checked('the site\'s owner sets policy once: the machine follows, and can only be stricter', async () => {
  const { site } = grid.nodes.get('pc');
  const refused = grid.tryCtl(grid.operator, 'site', 'policy', site, '--set', 'idle_minutes=30');
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /owner/);
  grid.ctl(grid.ownerKey, 'site', 'policy', site, '--set', 'idle_minutes=30', '--set',
    'hours=["daily 0-24"]');
  const followed = await until('the machine follows', () => {
    const now = ask('node', 'policy');
    return now.stricter_by_site.includes('idle_minutes') && now;
  });
  assert.match(followed.means, /30 minutes/);
  ask('node', 'policy', '--set', 'idle_minutes=45');
  assert.match(ask('node', 'policy').means, /45 minutes/);
  assert.match(JSON.stringify(ask('node', 'log')), /owner has set when/);
  ask('node', 'policy', '--set', 'idle_minutes=0');
  assert.match(ask('node', 'policy').means, /30 minutes/);
  grid.ctl(grid.ownerKey, 'site', 'policy', site, '--clear');
  await until('it is the machine\'s own again', () => /two seconds/.test(ask('node', 'policy').means));
});

checked('a device is measured on request, signed and kept; a measurement can be ended', async () => {
  const measured = ask('node', 'bench', 'cpu');
  for (const figure of ['memory_copy', 'fp32']) assert.ok(measured[figure].median > 0, figure);
  const kept = JSON.parse(readFileSync(join(grid.path('pc'), 'bench_cpu.json'), 'utf8'));
  assert.match(kept.signature, /^[0-9a-f]{100,}$/);
  assert.equal(JSON.parse(kept.report).device, 'cpu');
  assert.match(local('node', 'bench', 'cuda7').stderr, /no device/);
  const ended = spawn(programs.gleanerctl, ['node', 'bench', 'cpu', '--socket', socket()]);
  await until('it is measured', () => status().devices[0].why === 'It is being measured.', 10);
  ask('node', 'bench-cancel');
  await until('it has ended', () => ended.exitCode !== null, 10);
  await until('the device is free', () => status().state === 'waiting', 30);
});

checked('another user may look, and end nothing', async (context) => {
  if (process.getuid() !== 0) return context.skip('only root can be somebody else');
  const other = (...args) => spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534',
    '--clear-groups', programs.gleanerctl, ...args, '--socket', '/tmp/gleaner-guest-test.sock', '--json'],
  { encoding: 'utf8', env: { ...process.env, HOME: '/nonexistent' } });
  // The node's folder is closed to others: the socket is shown to them elsewhere.
  const relay = spawnSync('ln', ['-f', socket(), '/tmp/gleaner-guest-test.sock']);
  assert.equal(relay.status, 0, `${relay.stderr}`);
  try {
    const seen = other('node', 'status');
    assert.equal(seen.status, 0, seen.stderr);
    for (const what of [['node', 'pause'], ['node', 'leave'], ['session', 'end'], ['node', 'log']]) {
      const refused = other(...what);
      assert.notEqual(refused.status, 0);
      assert.match(refused.stderr, /administrator/);
    }
  } finally {
    spawnSync('rm', ['-f', '/tmp/gleaner-guest-test.sock']);
  }
});

checked('a damaged settings file is put aside and said, and the node works on', async () => {
  const { child, site } = grid.nodes.get('pc');
  child.kill('SIGTERM');
  await until('it has ended', () => child.exitCode !== null);
  writeFileSync(join(grid.path('pc'), 'settings.toml'), 'idle_minutes = "many\n');
  writeFileSync(join(grid.path('pc'), 'idle_history.txt'), 'rubbish');
  const again = grid.launch('pc', programs.node, ['run', '--data-dir', grid.path('pc'), '--instance',
    '1', '--policy', 'guest', '--wait-to-join'], desktop.environment);
  grid.nodes.set('pc', { child: again, site, instance: 1 });
  await until('it is back', () => ['waiting', 'paused', 'earning'].includes(status()?.state));
  const log = JSON.stringify(ask('node', 'log'));
  assert.match(log, /settings could not be read/);
  assert.match(log, /idle times was damaged/);
  assert.ok(existsSync(join(grid.path('pc'), 'settings.toml.damaged')));
});

checked('leaving takes the machine out: no identity stays, and it waits to be joined', async () => {
  ask('node', 'leave');
  await until('it waits', () => status().state === 'not joined');
  for (const file of ['node.key', 'node.crt']) assert.ok(!existsSync(join(grid.path('pc'), file)));
});
