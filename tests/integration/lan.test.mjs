// Nodes of one site share a model, with real programs: the coordinator sends it once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

import { Grid, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const names = ['one', 'two', 'three'];
const grid = new Grid();
// Only its size differs: what follows the tensors is not read.
const model = grid.path('large.gguf');
writeFileSync(model,
  Buffer.concat([readFileSync(process.env.GLEANER_TEST_MODEL), randomBytes(40 << 20)]));
process.env.GLEANER_TEST_MODEL = model;

const checked = testsOf(grid, () => grid.start());

const sources = (name) =>
  /chunks_from_coordinator=(\d+) chunks_from_neighbours=(\d+)/.exec(grid.log(name));

checked('three nodes of a site get the model, and the coordinator sends it about once', async () => {
  const site = grid.addSite('café');
  for (const [index, name] of names.entries()) await grid.addNode(name, index + 1, site);
  const job = grid.submit(grid.requests(2000));  // enough for all three
  await until('all nodes have the model', () => names.every(sources), 120);
  const chunks = Math.ceil(readFileSync(model).length / (4 << 20));
  const counts = names.map((name) => sources(name).slice(1).map(Number));
  for (const [coordinator, neighbours] of counts) assert.equal(coordinator + neighbours, chunks);
  const sent = counts.reduce((sum, [coordinator]) => sum + coordinator, 0);
  assert.ok(sent >= chunks && sent <= chunks * 1.2, `${sent} chunks of ${chunks}`);
  assert.equal((await grid.finished(job)).status, 'completed');
});
