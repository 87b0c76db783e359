// Generated tokens per second of a batch through the grid (one node) against the same requests sent
// straight to llama-server at the same concurrency, on the same machine. Pairs of short runs, the
// order turned each time, because a machine's speed drifts; and what no drift touches: the share of
// the time in which the engine computed.
import { readFileSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { BareEngine, cpuSecondsOf, median } from './measure.mjs';

const pairs = 8;
const grid = new Grid();
const engine = new BareEngine();
try {
  await grid.start();
  await grid.addNode('one', 1);
  const file = grid.requests(300, 'counting.jsonl', '--counting');
  const bodies = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line).body);
  await grid.finished(grid.submit(grid.requests(100, 'warm.jsonl')));  // the model is in memory
  await engine.start(grid.folder);

  const timed = async (work) => {
    const computed = cpuSecondsOf('llama-server');
    const started = performance.now();
    const tokens = await work();
    const seconds = (performance.now() - started) / 1000;
    return { tokens, seconds, busy: (cpuSecondsOf('llama-server') - computed) / seconds };
  };
  const throughGrid = () => timed(async () => {
    await grid.finished(grid.submit(file), 600);
  });
  const bare = () => timed(async () => {
    let next = 0;
    let tokens = 0;
    await Promise.all(Array.from({ length: 10 }, async () => {
      while (next < bodies.length) {
        const { body } = await engine.post(bodies[next++]);
        tokens += JSON.parse(body).usage.completion_tokens;
      }
    }));
    return tokens;
  });

  const runs = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0 ? await bare() : await throughGrid();
    const second = pair % 2 === 0 ? await throughGrid() : await bare();
    runs.push(pair % 2 === 0 ? { direct: first, gridded: second } : { direct: second, gridded: first });
  }
  const ratios = runs.map(({ direct, gridded }) => direct.seconds / gridded.seconds);
  const { tokens } = runs[0].direct;
  console.log(JSON.stringify({ bench: 'grid_over_bare',
    bare_tokens_per_s: Math.round(tokens / median(runs.map(({ direct }) => direct.seconds))),
    grid_tokens_per_s: Math.round(tokens / median(runs.map(({ gridded }) => gridded.seconds))),
    ratio: median(ratios), ratio_min: Math.min(...ratios), ratio_max: Math.max(...ratios),
    bare_engine_busy: median(runs.map(({ direct }) => direct.busy)),
    grid_engine_busy: median(runs.map(({ gridded }) => gridded.busy)), pairs }));
} finally {
  engine.stop();
  await grid.stop(false);
}
