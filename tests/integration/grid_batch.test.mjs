// Batches over real nodes: sharding, a node killed, the coordinator killed, the money afterwards.
import assert from 'node:assert/strict';

import { Grid, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();

const ledgerHolds = () => {
  const report = grid.ctl(grid.operator, 'ledger', 'check');
  assert.equal(report.sum_micros, 0);
  assert.deepEqual(report.violations, []);
  return report;
};

const checked = testsOf(grid, async () => {
  await grid.start();
  for (const [index, name] of ['one', 'two', 'three'].entries()) await grid.addNode(name, index + 1);
});

checked('a batch is sharded over three nodes and comes back in order', async () => {
  const requests = grid.requests(600);
  const id = grid.submit(requests);
  const job = await grid.finished(id);
  assert.equal(job.status, 'completed');
  assert.deepEqual(job.request_counts, { total: 600, completed: 600, failed: 0 });
  grid.check(requests, id);
  const statement = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner);
  assert.ok(statement.data.length >= 2, 'more than one node earned');
  assert.equal(ledgerHolds().meter_records, 600);
});

checked('a node killed midway loses no item and costs nothing twice', async () => {
  const before_ = ledgerHolds().meter_records;
  const requests = grid.requests(1500, 'killed.jsonl');
  const id = grid.submit(requests);
  await until('a quarter is done', () => grid.job(id).request_counts.completed > 375);
  grid.nodes.get('two').child.kill('SIGKILL');
  const job = await grid.finished(id);
  assert.deepEqual(job.request_counts, { total: 1500, completed: 1500, failed: 0 });
  grid.check(requests, id);
  assert.equal(ledgerHolds().meter_records - before_, 1500);
});

checked('a coordinator killed and restarted goes on with the batch and bills each item once', async () => {
  const before_ = ledgerHolds().meter_records;
  const requests = grid.requests(1500, 'restarted.jsonl');
  const id = grid.submit(requests);
  await until('a quarter is done', () => grid.job(id).request_counts.completed > 375);
  grid.coordinator.kill('SIGKILL');
  await until('it is gone', () => grid.coordinator.signalCode !== null);
  await grid.startCoordinator();
  const job = await grid.finished(id);
  assert.deepEqual(job.request_counts, { total: 1500, completed: 1500, failed: 0 });
  grid.check(requests, id);
  assert.equal(ledgerHolds().meter_records - before_, 1500);
});

checked('a second coordinator on the same data is refused with the process that holds it', async () => {
  const flags = grid.coordinatorFlags;
  const second = grid.launch('second', grid.coordinator.spawnfile,
    ['serve', '--config', grid.path('coordinator.toml'), ...flags]);
  await until('it ends', () => second.exitCode !== null);
  assert.notEqual(second.exitCode, 0);
  assert.match(grid.log('second'), new RegExp(`process ${grid.coordinator.pid}`));
});

checked('withdrawn consent stops the site and a partner can make none', async () => {
  const { child, site, id } = grid.nodes.get('three');
  const partner = grid.ctl(grid.operator, 'partner', 'add', 'Partner');
  assert.notEqual(grid.tryCtl(partner.key, 'site', 'add', 'hidden', '--accept-consent',
    grid.consentDate).status, 0);
  assert.notEqual(grid.tryCtl(grid.operator, 'site', 'add', 'hidden', '--accept-consent',
    grid.consentDate).status, 0, 'not even an operator consents for an owner');
  grid.ctl(grid.ownerKey, 'site', 'revoke-consent', site);
  await until('the node has ended', () => child.exitCode !== null, 20);
  const nodes = grid.ctl(grid.operator, 'node', 'list', '--site', site).data;
  assert.equal(nodes.find((node) => node.id === id).state, 'revoked');
});
