// 2,000 streamed answers at once through one coordinator, over TLS on both sides: every one must
// arrive whole, in order and ended, and be billed. Simulated nodes stream at a steady pace, so what
// is measured is the coordinator. GLEANER_BENCH_STREAMS sets another number.
import { readFileSync } from 'node:fs';
import https from 'node:https';

import { Grid } from '../support/grid.mjs';
import { Fleet, cpuSeconds, median, residentKiB } from './measure.mjs';

const count = Number(process.env.GLEANER_BENCH_STREAMS ?? 2000);
const words = 60;
const expected = Array.from({ length: words }, (_, i) => `w${i} `).join('');

const grid = new Grid();
let nodes = null;
try {
  await grid.start({ withoutCanaries: true });
  const nodeCount = Math.ceil(count / 50);
  nodes = new Fleet(grid, nodeCount);
  await nodes.has('joined');

  const ca = readFileSync(grid.authority);
  const agent = new https.Agent({ keepAlive: true, ca, maxSockets: Infinity });
  const call = (path, key, body, onReply) => new Promise((resolve, reject) => {
    const request = https.request(grid.url + path, { method: body ? 'POST' : 'GET', agent,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } },
    (reply) => onReply(reply, resolve, reject));
    request.on('error', reject);
    request.end(body ? JSON.stringify(body) : undefined);
  });
  const whole = (reply, resolve, reject) => {
    let text = '';
    reply.setEncoding('utf8');
    reply.on('data', (piece) => { text += piece; });
    reply.on('error', reject);
    reply.on('end', () => resolve({ status: reply.statusCode, text }));
  };
  const gauge = async (name) => Number(new RegExp(`^${name} (\\S+)`, 'm')
    .exec((await call('/metrics', grid.operator, null, whole)).text)?.[1]);

  const body = { model: 'demo-arith', stream: true, max_tokens: words,
    stream_options: { include_usage: true }, messages: [{ role: 'user', content: '1+1=' }] };
  const first = [];
  const stream = async () => {
    const started = performance.now();
    const { status, text } = await call('/v1/chat/completions', grid.apiKey, body,
      (reply, resolve, reject) => {
        reply.once('data', () => first.push(performance.now() - started));
        whole(reply, resolve, reject);
      });
    if (status !== 200) throw new Error(`${status} ${text}`);
    if (!text.endsWith('data: [DONE]\n\n')) throw new Error('not ended');
    const events = text.split('\n\n').slice(0, -2).map((event) => JSON.parse(event.slice(6)));
    const said = events.map((event) => event.choices[0]?.delta?.content ?? '').join('');
    if (said !== expected) throw new Error(`garbled: ${said}`);
    if (events.at(-1).usage?.completion_tokens !== words) throw new Error('wrong usage');
  };

  // A batch makes every node load the model.
  await grid.finished(grid.submit(grid.requests(20000)));
  await stream();
  first.length = 0;
  const coordinator = grid.coordinator.pid;
  const before = { cpu: cpuSeconds(coordinator), resident: residentKiB(coordinator) };
  let peak = 0;
  let resident = 0;
  const watch = setInterval(async () => {
    peak = Math.max(peak, await gauge('gleaner_running_streams').catch(() => 0));
    resident = Math.max(resident, residentKiB(coordinator));
  }, 500);
  const started = performance.now();
  const ends = await Promise.allSettled(Array.from({ length: count }, stream));
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  const failures = ends.filter((end) => end.status === 'rejected').map((end) => String(end.reason));
  for (const reason of new Set(failures)) console.error(reason);
  const cpu = cpuSeconds(coordinator) - before.cpu;
  grid.ctl(grid.operator, 'ledger', 'check');
  console.log(JSON.stringify({ bench: 'streams', streams: count, errors: failures.length,
    running_at_once: peak, seconds: Number(seconds.toFixed(1)),
    first_token_median_ms: Math.round(median(first)),
    coordinator_micros_per_token: Number(((cpu * 1e6) / (count * words)).toFixed(1)),
    resident_kib_per_stream: Number(((resident - before.resident) / count).toFixed(1)) }));
  if (failures.length) process.exitCode = 1;
} finally {
  nodes?.stop();
  await grid.stop(false);
}
