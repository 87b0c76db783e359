// A machine is measured, the coordinator says what it thinks of it, and its owner sees at the
// machine what it earned by real work.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const run = (...args) => spawnSync(programs.gleanerctl,
  [...args, '--socket', join(grid.path('pc'), 'control.sock')], { encoding: 'utf8' });
const local = (...args) => {
  const done = run(...args, '--json');
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
};
const cpu = () => local('node', 'status').devices.find((device) => device.id === 'cpu');
const shown = () => grid.ctl(grid.operator, 'node', 'show', local('node', 'status').node);
const metric = async (verdict) => {
  const { text } = await grid.request(null, 'GET', '/metrics');
  return Number(new RegExp(`benchmark_reports_total{verdict="${verdict}"} (\\d+)`).exec(text)[1]);
};

const checked = testsOf(grid, async () => {
  await grid.start();
  await grid.addNode('pc', 1);
});

checked('a benchmark is handed in, and both sides see the coordinator\'s verdict', async () => {
  assert.equal(cpu().verdict, '');
  assert.deepEqual(shown().benchmarks, []);
  const measured = local('node', 'bench', 'cpu');
  assert.ok(measured.memory_copy.median > 0);
  await until('the verdict is there', () => /^The coordinator says: /.test(cpu().verdict));
  const { benchmarks } = shown();
  assert.equal(benchmarks.length, 1);
  assert.equal(benchmarks[0].device, 'cpu');
  assert.equal(benchmarks[0].verdict, 'unknown');  // no table has processors
  assert.equal(`The coordinator says: ${benchmarks[0].why}`, cpu().verdict);
  assert.equal(await metric('unknown'), 1);
  assert.equal(await metric('refused'), 0);
  const signed = JSON.parse(readFileSync(join(grid.path('pc'), 'bench_cpu.json'), 'utf8'));
  assert.equal(JSON.parse(signed.report).node, shown().id);
});

checked('a node that starts anew hands its report in again, and it is known', async () => {
  const { child, instance } = grid.nodes.get('pc');
  grid.coordinator.kill('SIGKILL');
  child.kill('SIGKILL');
  await until('both are gone', () => grid.coordinator.signalCode && child.signalCode);
  await grid.startCoordinator();
  grid.launch('pc', programs.node, ['run', '--coordinator', `localhost:${grid.gatewayPort}`,
    '--data-dir', grid.path('pc'), '--instance', String(instance)]);
  await until('its socket is there', () => run('node', 'status').status === 0);
  await until('the verdict is there again', () => /^The coordinator says: /.test(cpu().verdict));
  assert.equal(shown().benchmarks.length, 1);
  assert.equal(await metric('unknown'), 0);  // counted before
});

checked('what real work earned is told at the machine', async () => {
  const none = local('node', 'earnings', '--days', '3');
  assert.equal(none.known, true);
  assert.equal(none.total_micros, 0);
  assert.equal(none.data.length, 3);
  assert.match(none.estimate, /not enough days/);
  const requests = grid.requests(40);
  await grid.finished(grid.submit(requests));
  const { closing_micros: owed } = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner);
  assert.ok(owed > 0);
  // A longer look back than what is known makes the node ask anew.
  const earned = local('node', 'earnings', '--days', '60');
  assert.equal(earned.total_micros, owed);
  assert.equal(earned.data.length, 60);
  const today = earned.data.at(-1);
  assert.equal(today.pending_micros, owed);
  assert.equal(today.confirmed_micros, 0);
  const text = run('node', 'earnings', '--days', '2').stdout;
  assert.match(text, new RegExp(`In all ¥${(owed / 1e6).toString().replace('.', '\\.')}`));
});
