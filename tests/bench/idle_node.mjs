// What a connected node without an engine costs: memory and CPU over 30 s, beside boinc-client.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { cpuSeconds, residentKiB } from './measure.mjs';

const seconds = 30;
const grid = new Grid();
let boinc = null;
if (spawnSync('which', ['boinc']).status !== 0)
  throw new Error('the node is measured beside boinc: apt-get install boinc-client');
try {
  await grid.start();
  await grid.addNode('one', 1);
  mkdirSync(grid.path('boinc'));
  boinc = spawn('boinc', ['--dir', grid.path('boinc'), '--no_gui_rpc'], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const node = grid.nodes.get('one').child.pid;
  const before = { node: cpuSeconds(node), boinc: cpuSeconds(boinc.pid) };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  console.log(JSON.stringify({ bench: 'idle_node', seconds,
    node_resident_kib: residentKiB(node), node_cpu_s: cpuSeconds(node) - before.node,
    boinc_resident_kib: residentKiB(boinc.pid), boinc_cpu_s: cpuSeconds(boinc.pid) - before.boinc }));
} finally {
  boinc?.kill('SIGKILL');
  await grid.stop(false);
}
