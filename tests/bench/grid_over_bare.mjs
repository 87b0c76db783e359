// Generated tokens per second of a batch through the grid (one node) against the same requests sent
// straight to llama-server at the same concurrency, in turn, on the same machine.
import { readFileSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { BareEngine, median } from './measure.mjs';

const rounds = 3;
const grid = new Grid();
try {
  await grid.start();
  await grid.addNode('one', 1);
  const file = grid.requests(1000, 'counting.jsonl', '--counting');
  const bodies = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line).body);
  await grid.finished(grid.submit(grid.requests(100, 'warm.jsonl')));  // the model is in memory

  const throughGrid = async () => {
    const started = performance.now();
    const id = grid.submit(file);
    await grid.finished(id, 600);
    const seconds = (performance.now() - started) / 1000;
    return { seconds };
  };
  const bare = async () => {
    const engine = new BareEngine();
    await engine.start(grid.folder);
    let next = 0;
    let tokens = 0;
    const started = performance.now();
    await Promise.all(Array.from({ length: 10 }, async () => {
      while (next < bodies.length) {
        const { body } = await engine.post(bodies[next++]);
        tokens += JSON.parse(body).usage.completion_tokens;
      }
    }));
    const seconds = (performance.now() - started) / 1000;
    engine.stop();
    return { seconds, tokens };
  };

  const ratios = [];
  let figures = {};
  for (let round = 0; round < rounds; round += 1) {
    const direct = await bare();
    const gridded = await throughGrid();
    ratios.push(direct.seconds / gridded.seconds);
    figures = { bare_tokens_per_s: Math.round(direct.tokens / direct.seconds),
      grid_tokens_per_s: Math.round(direct.tokens / gridded.seconds) };
  }
  console.log(JSON.stringify({ bench: 'grid_over_bare', ...figures, ratio: median(ratios),
    ratio_min: Math.min(...ratios), ratio_max: Math.max(...ratios), rounds }));
} finally {
  await grid.stop(false);
}
