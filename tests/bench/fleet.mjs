// What 10,000 connected nodes cost one coordinator: resident memory, CPU and bytes for each, and how
// soon all of them are back after all connections broke. GLEANER_BENCH_NODES sets another number.
import { readFileSync } from 'node:fs';

import { Grid } from '../support/grid.mjs';
import { Fleet, cpuSeconds, residentKiB } from './measure.mjs';

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
  const coordinator = grid.coordinator.pid;
  const empty = residentKiB(coordinator);
  nodes = new Fleet(grid, count);
  const enrolled = await nodes.has('enrolled', 600);
  const joined = await nodes.has('joined', 300);
  await sleep(5000);
  const resident = residentKiB(coordinator);
  const before = { cpu: cpuSeconds(coordinator), bytes: loopbackBytes() };
  await sleep(seconds * 1000);
  const cpu = cpuSeconds(coordinator) - before.cpu;
  const bytes = loopbackBytes() - before.bytes;
  nodes.child.kill('SIGUSR1');
  const rejoined = await nodes.has('rejoined', 300);
  console.log(JSON.stringify({ bench: 'fleet', nodes: joined.nodes,
    resident_kib_per_node: Number(((resident - empty) / joined.nodes).toFixed(1)),
    heartbeat_bytes_per_node_s: Number((bytes / seconds / joined.nodes).toFixed(1)),
    idle_cpu_percent: Number(((cpu / seconds) * 100).toFixed(1)),
    enrol_s: enrolled.seconds, join_s: joined.seconds,
    reconnect_s: rejoined.seconds, reconnected: rejoined.nodes }));
} finally {
  nodes?.stop();
  await grid.stop(false);
}
