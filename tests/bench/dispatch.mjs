// Items leased, answered, verified, metered and durably stored per second of one coordinator core:
// simulated nodes answer at once over real TLS, so the coordinator is the bottleneck.
import { writeFileSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { Fleet, cpuSeconds } from './measure.mjs';

const nodeCount = 50;
const jobs = 2;
const itemsPerJob = 50000;

const grid = new Grid();
let nodes = null;
try {
  await grid.start({ withoutCanaries: true });
  nodes = new Fleet(grid, nodeCount);
  await nodes.has('joined');

  const lines = [];
  for (let i = 0; i < itemsPerJob; i += 1) {
    lines.push(JSON.stringify({ custom_id: `item-${i}`, method: 'POST', url: '/v1/chat/completions',
      body: { model: 'demo-arith', max_tokens: 8,
        messages: [{ role: 'user', content: `${i % 100}+${i % 7}=` }] } }));
  }
  const file = grid.path('items.jsonl');
  writeFileSync(file, lines.join('\n') + '\n');
  // Upload and validation are not what is measured: they end before the clock starts.
  const started = { at: 0, cpu: 0 };
  const ids = [];
  for (let i = 0; i < jobs; i += 1) ids.push(grid.submit(file));
  started.at = performance.now();
  started.cpu = cpuSeconds(grid.coordinator.pid);
  const done0 = ids.map((id) => grid.job(id).request_counts.completed).reduce((a, b) => a + b, 0);
  // Seldom asked: each question is a process of its own on the same cores.
  const finished = () => ids.every((id) => grid.job(id).status === 'completed');
  for (let i = 0; !finished(); i += 1) {
    if (i > 1200) throw new Error('the jobs do not end');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const seconds = (performance.now() - started.at) / 1000;
  const cpu = cpuSeconds(grid.coordinator.pid) - started.cpu;
  const items = jobs * itemsPerJob - done0;
  console.log(JSON.stringify({ bench: 'dispatch', nodes: nodeCount, items,
    items_per_s: Math.round(items / seconds), items_per_core_s: Math.round(items / cpu),
    seconds: Number(seconds.toFixed(2)), coordinator_cpu_s: Number(cpu.toFixed(2)) }));
} finally {
  nodes?.stop();
  await grid.stop(false);
}
