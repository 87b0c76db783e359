// How machines were used, with real nodes: a batch runs, one node is killed in the middle of it, and
// useful time, losses and idle time add up to the time that the machines were there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const second = 1e6;
let joined;
let stopped;
let sites;

const sum = (values) => values.reduce((a, b) => a + b, 0);
const lost = (use) => sum(use.losses.map((loss) => loss.micros));
const lossOf = (use, cause) => use.losses.find((loss) => loss.cause === cause)?.micros ?? 0;
const goodput = (key, ...flags) => grid.ctl(key, 'goodput', ...flags);
const text = (key, ...args) => spawnSync(programs.gleanerctl, args, { encoding: 'utf8',
  env: { ...process.env, GLEANER_URL: grid.url, GLEANER_CA: grid.authority, GLEANER_KEY: key } });

// What is counted reaches the store once a minute, and when the coordinator stops.
async function restart() {
  grid.coordinator.kill('SIGTERM');
  await until('the coordinator has ended', () => grid.coordinator.exitCode !== null, 30);
  stopped = performance.now();
  await grid.startCoordinator();
}

const checked = testsOf(grid, async () => {
  await grid.start();
  await grid.addNode('one', 1);
  joined = performance.now();
  await grid.addNode('two', 2);
  sites = ['one', 'two'].map((name) => grid.nodes.get(name).site);
});

checked('before any work there is nothing to tell, and presence has earned nothing', () => {
  const told = goodput(grid.operator);
  assert.equal(told.leased_micros, 0);
  assert.equal(told.goodput_permille, null);
  assert.deepEqual(told.losses, []);
  const earned = grid.ctl(grid.ownerKey, 'earnings');
  assert.ok(earned.totals.every((total) => total.revenue_micros === 0));
  assert.deepEqual(earned.balances, []);
});

checked('the owner says what electricity costs, and nobody else does', () => {
  const price = ['site', 'electricity', sites[0], '--price', '0.85'];
  const set = grid.ctl(grid.ownerKey, ...price);
  assert.equal(set.per_kwh_micros, 850000);
  assert.equal(set.currency, 'CNY');
  assert.notEqual(grid.tryCtl(grid.operator, ...price).status, 0);
  assert.match(grid.tryCtl(grid.ownerKey, 'site', 'electricity', sites[0], '--price', '9',
    '--currency', 'XAU').stderr, /no currency/);
  assert.match(text(grid.ownerKey, 'site', 'electricity', sites[1]).stdout, /has no price/);
});

checked('useful and lost time add up, and a killed node lost what it had', async () => {
  const requests = grid.requests(1500);
  const id = grid.submit(requests);
  const two = grid.nodes.get('two');
  await until('a quarter is done', () => grid.job(id).request_counts.completed > 375);
  two.child.kill('SIGKILL');
  const job = await grid.finished(id);
  assert.deepEqual(job.request_counts, { total: 1500, completed: 1500, failed: 0 });
  await restart();

  const all = goodput(grid.operator, '--by', 'node');
  const metered = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner);
  const worked = sum(metered.data.map((line) => line.device_micros));
  for (const use of [all, ...all.data]) {
    assert.equal(use.leased_micros, use.useful_micros + lost(use));
    assert.equal(use.offered_micros, use.idle_micros + use.leased_micros);
  }
  assert.equal(all.data.length, 2);
  assert.equal(all.leased_micros, sum(all.data.map((use) => use.leased_micros)));
  // Not more than the nodes said, and of that what was there for it: nearly all.
  assert.ok(all.useful_micros <= worked, `${all.useful_micros} of ${worked}`);
  assert.ok(all.useful_micros > worked * 0.5, `${all.useful_micros} of ${worked}`);
  const one = all.data.find((use) => use.key === grid.nodes.get('one').id);
  const killed = all.data.find((use) => use.key === two.id);
  // The node that stayed was there from its joining to the coordinator's end: seen from outside.
  const there = (stopped - joined) * 1000;
  assert.ok(Math.abs(one.offered_micros - there) < 4 * second,
    `${one.offered_micros} on offer in ${there}`);
  assert.equal(lossOf(one, 'connection'), 0);
  assert.ok(lossOf(killed, 'connection') > 0);
  assert.ok(lossOf(all, 'verification') > 0, 'known answers were asked');
  assert.ok(lossOf(all, 'loading') > 0, 'the model was downloaded and loaded');
  assert.match(all.sentence.en, /was useful; the best datacentre clusters report 93\.0 %/);
});

checked('an owner sees profit, a site at a time, and operators each owner\'s', () => {
  const [priced, unpriced] = sites.map((site) =>
    grid.ctl(grid.ownerKey, 'earnings', '--site', site, '--by', 'site').totals[0]);
  assert.ok(priced.revenue_micros > 0);
  assert.ok(priced.watt_seconds > 0);
  assert.equal(priced.electricity_micros,
    Math.floor((priced.watt_seconds * 850000 + 1800000) / 3600000));
  assert.equal(priced.profit_micros, priced.revenue_micros - priced.electricity_micros);
  assert.ok(priced.reference_micros > 0);
  assert.ok(priced.reference_micros < priced.device_micros, 'a processor is no reference card');
  assert.ok(priced.per_reference_hour_micros > 0);
  assert.equal(unpriced.profit_micros, null);
  assert.ok(unpriced.unpriced_watt_seconds > 0);
  const own = grid.ctl(grid.ownerKey, 'earnings');
  const statement = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner);
  const revenue = sum(own.totals.map((total) => total.revenue_micros));
  assert.equal(revenue, sum(statement.data.map((line) => line.amount_micros)));
  assert.equal(sum(own.balances.map((one) => one.pending_micros + one.payable_micros)), revenue);
  assert.deepEqual(grid.ctl(grid.operator, 'earnings', '--owner', grid.owner).totals, own.totals);
  const other = grid.ctl(grid.operator, 'owner', 'add', 'Somebody else');
  assert.notEqual(grid.tryCtl(other.key, 'earnings', '--site', sites[0]).status, 0);
  assert.notEqual(grid.tryCtl(other.key, 'goodput', '--node', grid.nodes.get('one').id).status, 0);
  assert.notEqual(grid.tryCtl(grid.apiKey, 'goodput').status, 0);
});

checked('people read tables and a sentence, Prometheus reads metrics', async () => {
  const used = text(grid.ownerKey, 'goodput', '--by', 'site').stdout;
  assert.match(used, /LOST TO/);
  assert.match(used, /Of the time in which work was lent, \d+\.\d % was useful/);
  const earned = text(grid.ownerKey, 'earnings').stdout;
  assert.match(earned, /PROFIT/);
  assert.match(earned, /A part of the electricity has no price/);
  const { text: metrics } = await grid.request(null, 'GET', '/metrics');
  assert.match(metrics, /^gleaner_goodput_ratio \d/m);
  assert.match(metrics, /^gleaner_lost_device_seconds_total\{cause="reclaimed"\} \d/m);
});
