// What the benchmarks share: a bare engine beside the grid's, process figures, medians.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { until } from '../support/grid.mjs';

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

// CPU seconds that a process has used.
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// CPU seconds that all running processes named `name` have used.
export const cpuSecondsOf = (name) => readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  .reduce((sum, pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name ? sum + cpuSeconds(pid) : sum;
    } catch {
      return sum;  // it has just ended
    }
  }, 0);

export const residentKiB = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// Runs a benchmark that is a program of its own; its last line is the figures.
export function runProgram(name) {
  const { status } = spawnSync(join(process.env.GLEANER_BINARY_DIR, 'tests/bench', name),
    { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${name} has failed`);
}

// llama-server as a node starts it, without sandbox or grid.
export class BareEngine {
  async start(folder, { slots = 8, context = 1024 } = {}) {
    this.socket = join(folder, 'bare.sock');
    this.child = spawn(join(process.env.GLEANER_TEST_ENGINE_DIR, 'llama-server'),
      ['--host', this.socket, '-m', process.env.GLEANER_TEST_MODEL, '--parallel', String(slots),
        '--ctx-size', String(slots * context), '-t', '1', '--threads-http', '2', '--log-disable',
        '--no-webui', '--jinja'], { stdio: 'ignore' });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    await until('the bare engine is ready', async () =>
      existsSync(this.socket) && (await this.get('/health').catch(() => 0)) === 200);
  }

  get(path) {
    return new Promise((resolve, reject) => {
      http.get({ socketPath: this.socket, path }, (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode));
      }).on('error', reject);
    });
  }

  // Resolves with the body and the time in ms at which its first piece came.
  post(body) {
    const text = JSON.stringify(body);
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: this.socket, path: '/v1/chat/completions',
        method: 'POST', agent: this.agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } },
      (reply) => {
        let all = '';
        let first = 0;
        reply.on('data', (piece) => {
          first ||= performance.now() - started;
          all += piece;
        });
        reply.on('end', () => resolve({ body: all, first }));
      });
      // llama-server closes a connection after a number of requests: the next one reconnects.
      request.on('error', (problem) =>
        request.reusedSocket ? resolve(this.post(body)) : reject(problem));
      request.end(text);
    });
  }

  stop() {
    this.child.kill('SIGKILL');
    rmSync(this.socket, { force: true });  // the next one cannot bind to what a killed one left
    this.agent.destroy();
  }
}

// Simulated nodes (simulated_nodes.cpp) at one site of `grid`; they are what is counted, not measured.
export class Fleet {
  events = new Map();

  constructor(grid, count) {
    const token = grid.newToken(grid.addSite('fleet'), '--unlimited');
    this.child = spawn(join(process.env.GLEANER_BINARY_DIR, 'tests/bench/bench_simulated_nodes'),
      [grid.gatewayPort, token, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      this.events.set(event.event, event);
    });
  }

  // What the fleet says once it has enrolled, joined or rejoined.
  has(event, seconds = 60) {
    return until(`the fleet has ${event}`, () => this.events.get(event), seconds);
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}
