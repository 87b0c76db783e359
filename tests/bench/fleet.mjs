// What 10,000 connected nodes cost one coordinator: resident memory, CPU and bytes for each, and how
// soon all of them are back after all connections broke. GLEANER_BENCH_NODES sets another number.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import { Grid } from '../support/grid.mjs';
import { cpuSeconds, residentKiB } from './measure.mjs';

const count = Number(process.env.GLEANER_BENCH_NODES ?? 10000);
const seconds = 30;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Bytes that went over loopback, headers included: only the fleet talks here.
function loopbackBytes() {
  const line = readFileSync('/proc/net/dev', 'utf8').split('\n').find((l) => l.includes('lo:'));
  return Number(line.trim().split(/\s+/)[1]);
}

const grid = new Grid();
let nodes = null;
try {
  await grid.start({ withoutCanaries: true });
  const token = grid.newToken(grid.addSite('fleet'), '--unlimited');
  const coordinator = grid.coordinator.pid;
  const empty = residentKiB(coordinator);
  nodes = spawn(join(process.env.GLEANER_BINARY_DIR, 'tests/bench/bench_simulated_nodes'),
    [grid.gatewayPort, token, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events = new Map();
  createInterface({ input: nodes.stdout }).on('line', (line) => {
    const event = JSON.parse(line);
    events.set(event.event, event);
  });
  const event = async (name, limit) => {
    for (let i = 0; i < limit * 10 && !events.has(name); i += 1) await sleep(100);
    if (!events.has(name)) throw new Error(`the fleet has not ${name} within ${limit} s`);
    return events.get(name);
  };
  const enrolled = await event('enrolled', 600);
  const joined = await event('joined', 300);
  await sleep(5000);
  const resident = residentKiB(coordinator);
  const before = { cpu: cpuSeconds(coordinator), bytes: loopbackBytes() };
  await sleep(seconds * 1000);
  const cpu = cpuSeconds(coordinator) - before.cpu;
  const bytes = loopbackBytes() - before.bytes;
  nodes.kill('SIGUSR1');
  const rejoined = await event('rejoined', 300);
  console.log(JSON.stringify({ bench: 'fleet', nodes: joined.nodes,
    resident_kib_per_node: Number(((resident - empty) / joined.nodes).toFixed(1)),
    heartbeat_bytes_per_node_s: Number((bytes / seconds / joined.nodes).toFixed(1)),
    idle_cpu_percent: Number(((cpu / seconds) * 100).toFixed(1)),
    enrol_s: enrolled.seconds, join_s: joined.seconds,
    reconnect_s: rejoined.seconds, reconnected: rejoined.nodes }));
} finally {
  nodes?.kill('SIGKILL');
  await grid.stop(false);
}
