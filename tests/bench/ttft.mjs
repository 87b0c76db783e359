// Time to the first streamed token through the grid against llama-server driven directly, and the
// coordinator's CPU for each streamed token.
import https from 'node:https';
import { readFileSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { BareEngine, cpuSeconds, median } from './measure.mjs';

const rounds = 200;
const ask = (content, max_tokens) => ({ model: 'demo-arith', stream: true, temperature: 0, max_tokens,
  messages: [{ role: 'user', content }] });

const grid = new Grid();
const engine = new BareEngine();
try {
  await grid.start();
  await grid.addNode('one', 1);
  await grid.finished(grid.submit(grid.requests(100, 'warm.jsonl')));
  await engine.start(grid.folder);
  const agent = new https.Agent({ keepAlive: true, ca: readFileSync(grid.authority) });
  const post = (body) => new Promise((resolve, reject) => {
    const started = performance.now();
    const request = https.request(`${grid.url}/v1/chat/completions`, { method: 'POST', agent,
      headers: { Authorization: `Bearer ${grid.apiKey}`, 'Content-Type': 'application/json' } },
    (reply) => {
      let first = 0;
      let events = 0;
      reply.on('data', (piece) => {
        first ||= performance.now() - started;
        events += String(piece).split('data: {').length - 1;
      });
      reply.on('end', () => resolve({ first, events }));
    });
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });

  const direct = [];
  const gridded = [];
  for (let round = 0; round < rounds; round += 1) {
    const body = ask(`${100 + round}+${round}=`, 4);
    direct.push((await engine.post(body)).first);
    gridded.push((await post(body)).first);
  }
  // A token's cost is what long answers take more than short ones: admission and the journal are
  // paid once for an answer.
  const answers = async (max_tokens) => {
    const before = cpuSeconds(grid.coordinator.pid);
    let events = 0;
    for (let round = 0; round < rounds; round += 1)
      events += (await post(ask('count 60', max_tokens))).events;
    return { cpu: cpuSeconds(grid.coordinator.pid) - before, events };
  };
  const short = await answers(2);
  const long = await answers(300);
  const events = long.events - short.events;
  const cpu = long.cpu - short.cpu;
  console.log(JSON.stringify({ bench: 'ttft', bare_ms: median(direct), grid_ms: median(gridded),
    added_ms: median(gridded) - median(direct), streamed_tokens: events,
    coordinator_micros_per_token: (cpu * 1e6) / events,
    coordinator_micros_per_short_answer: (short.cpu * 1e6) / rounds }));
} finally {
  engine.stop();
  await grid.stop(false);
}
