// What a node costs that watches its machine with everything it has (a desktop under Xvfb, settings
// that pause it for nothing), connected and without an engine: memory and CPU, beside boinc-client.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Desktop } from '../support/desktop.mjs';
import { Grid, programs, until } from '../support/grid.mjs';
import { cpuSeconds, residentKiB } from './measure.mjs';

const seconds = 60;
const grid = new Grid();
let boinc = null;
let desktop = null;
if (spawnSync('which', ['boinc']).status !== 0)
  throw new Error('the node is measured beside boinc: apt-get install boinc-client');
try {
  desktop = await Desktop.start(grid.folder);
  await grid.start();
  const token = grid.newToken(grid.addSite('a home'));
  const node = grid.launch('pc', programs.node, ['run', '--coordinator',
    `localhost:${grid.gatewayPort}`, '--token', token, '--data-dir', grid.path('pc'), '--instance',
    '1', '--policy', 'guest'], desktop.environment).pid;
  mkdirSync(grid.path('boinc'));
  boinc = spawn('boinc', ['--dir', grid.path('boinc'), '--no_gui_rpc'],
    { stdio: 'ignore', env: { ...process.env, ...desktop.environment } });
  await until('its socket is there', () => existsSync(join(grid.path('pc'), 'control.sock')));
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const before = { node: cpuSeconds(node), boinc: cpuSeconds(boinc.pid) };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  console.log(JSON.stringify({ bench: 'idle_daemon', seconds,
    node_resident_kib: residentKiB(node), node_cpu_s: cpuSeconds(node) - before.node,
    boinc_resident_kib: residentKiB(boinc.pid), boinc_cpu_s: cpuSeconds(boinc.pid) - before.boinc }));
} finally {
  boinc?.kill('SIGKILL');
  desktop?.stop();
  await grid.stop(false);
}
