// How soon a PC is its user's again: real input at a real X server while the engine generates, until
// the engine computes no more and, where it is to be released, until its memory is free.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { Desktop } from '../support/desktop.mjs';
import { Grid, programs, until } from '../support/grid.mjs';

const samples = Number(process.env.GLEANER_BENCH_SAMPLES ?? 40);
const grid = new Grid();
let desktop = null;

const local = (...args) => {
  const done = spawnSync(programs.gleanerctl, [...args, '--socket',
    join(grid.path('pc'), 'control.sock'), '--json'], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout);
};
const engine = () => {
  const found = spawnSync('pgrep', ['-x', 'llama-server'], { encoding: 'utf8' }).stdout.trim();
  return found.split('\n').map(Number).filter((pid) => pid > 0)[0];
};
const percentile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)];
const summary = (values) => ({ median_ms: percentile(values, 0.5) / 1000,
  p99_ms: percentile(values, 0.99) / 1000 });

async function measure(mode) {
  local('node', 'policy', '--set', 'others_cpu_percent=0', '--set', 'idle_minutes=0', '--set',
    `give_back=${mode}`);
  const stopped = [];
  const freed = [];
  while (stopped.length < samples) {
    await until('it generates', () => local('node', 'status').state === 'earning');
    const done = spawnSync(join(process.env.GLEANER_BINARY_DIR, 'tests/bench/bench_input'),
      [String(engine())], { encoding: 'utf8', env: { ...process.env, ...desktop.environment } });
    const { stopped_us: stop, freed_us: free } = JSON.parse(done.stdout);
    if (stop < 0 || (mode === 'release' && free < 0)) throw new Error(`not given back: ${done.stdout}`);
    stopped.push(stop);
    freed.push(free);
    await until('it is paused', () => local('node', 'status').state === 'paused');
  }
  return { stopped: summary(stopped), ...(mode === 'release' ? { freed: summary(freed) } : {}) };
}

try {
  desktop = await Desktop.start(grid.folder);
  await grid.start();
  const token = grid.newToken(grid.addSite('a home'));
  grid.launch('pc', programs.node, ['run', '--coordinator', `localhost:${grid.gatewayPort}`,
    '--token', token, '--data-dir', grid.path('pc'), '--instance', '1', '--policy', 'guest'],
  desktop.environment);
  const { existsSync } = await import('node:fs');
  await until('its socket is there', () => existsSync(join(grid.path('pc'), 'control.sock')));
  grid.submit(grid.requests(400_000, 'work.jsonl'));  // more than is done before the end
  const suspend = await measure('suspend');
  const release = await measure('release');
  console.log(JSON.stringify({ bench: 'give_back', samples, suspend, release }));
} finally {
  desktop?.stop();
  await grid.stop(false);
}
