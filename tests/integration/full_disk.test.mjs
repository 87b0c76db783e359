// A disk that is full, the coordinator's or a node's: each says so, loses nothing, bills nothing
// twice, and goes on by itself when there is room again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync,
  writeSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

// A folder that is a disk of its own for the program that bubblewrap starts with these arguments.
class SmallDisk {
  constructor(folder, bytes) {
    this.folder = folder;
    this.arguments = ['--die-with-parent', '--dev-bind', '/', '/', '--size', String(bytes),
      '--tmpfs', folder];
  }

  // `child`: the bubblewrap; the program that it started sees the disk.
  seenBy(child) {
    this.child = child;
  }
  pid() {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }
  path(name = '') {
    return join(`/proc/${this.pid()}/root`, this.folder, name);
  }
  freeBytes() {
    const { bavail, bsize } = statfsSync(this.path());
    return bavail * bsize;
  }
  // Leaves `bytes` of room.
  fill(bytes = 0) {
    const file = openSync(this.path('ballast'), 'a');
    try {
      for (let piece = Buffer.alloc(1 << 20); this.freeBytes() > bytes;)
        writeSync(file, piece, 0, Math.min(piece.length, this.freeBytes() - bytes));
    } catch (problem) {
      assert.equal(problem.code, 'ENOSPC');
    }
    closeSync(file);
  }
  free() {
    rmSync(this.path('ballast'));
  }
}

// The processes below this one, by name.
const below = (pid) => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.filter(Boolean).flatMap((child) =>
    [{ pid: Number(child), name: readFileSync(`/proc/${child}/comm`, 'utf8').trim() },
      ...below(child)]);
};

// Its coordinator lives on a small disk and is started again whenever it ends.
class GridOnSmallDisk extends Grid {
  disk = new SmallDisk(this.path('coordinator'), 400 << 20);

  serve(args) {
    // What `init` made is moved onto the disk; outside, its folder keeps the authority.
    cpSync(this.path('coordinator'), this.path('made'), { recursive: true });
    const script = 'cp -a "$1/." "$2" && shift 2 && while :; do "$@" $PORTS; ' +
      '. "$AGAIN"; sleep 0.2; done';
    const child = this.launch('coordinator', 'bwrap', ['--unshare-pid', ...this.disk.arguments,
      'bash', '-c', script, 'coordinator', this.path('made'), this.path('coordinator'),
      programs.coordinator, ...args], { AGAIN: this.path('again') });
    this.disk.seenBy(child);
    return child;
  }

  // The restarted one is found where the first one was.
  keepPorts() {
    writeFileSync(this.path('again'),
      `PORTS='--gateway-port ${this.gatewayPort} --api-port ${this.apiPort}'\n`);
  }

  killCoordinator() {
    const { pid } = below(this.coordinator.pid).find(({ name }) => /^gleaner-coord/.test(name));
    process.kill(pid, 'SIGKILL');
  }
}

const grid = new GridOnSmallDisk();
const items = 2_000;
let other;
const logged = (name, pattern, from = 0, seconds = 30) =>
  until(`${name} logs ${pattern}`, () => pattern.exec(grid.log(name).slice(from)), seconds);
const ready = () => grid.request(null, 'GET', '/readyz');
const completed = (job) => grid.job(job).request_counts.completed;

const checked = testsOf(grid, async () => {
  await grid.start();
  grid.keepPorts();
  other = grid.addCustomer('other');
  await grid.addNode('one', 1);
  await until('the node has the model', () => grid.serves(other.key).then(() => true, () => false));
});

// A batch that runs while the disk is filled; resolves when the coordinator has noticed.
const fillMidway = async (name) => {
  const requests = grid.requests(items, name);
  const job = grid.submit(requests);
  await until('some are done', () => completed(job) > 100);
  grid.disk.fill();
  const told = await until('it is not ready', async () => {
    const reply = await ready();
    return reply.status !== 200 && reply;
  });
  assert.equal(told.status, 503);
  assert.match(told.json.error.message, /disk/);
  return { requests, job };
};

const completes = async ({ requests, job }) => {
  const done = await grid.finished(job);
  assert.deepEqual(done.request_counts, { total: items, completed: items, failed: 0 });
  assert.equal(done.gleaner.held_micros, 0);
  grid.check(requests, job);
};

checked('an idle coordinator whose disk is full is not ready, until there is room', async () => {
  assert.equal((await ready()).status, 200);
  grid.disk.fill();
  const told = await until('it is not ready', async () => {
    const reply = await ready();
    return reply.status !== 200 && reply;
  });
  assert.equal(told.status, 503);
  assert.match(told.json.error.message, /disk is full: 0 MiB are free/);
  grid.disk.free();
  await until('it is ready', async () => (await ready()).status === 200);
});

checked('a full disk midway in a batch stops the work and says so; with room it goes on', async () => {
  await until('all is metered', () => grid.ledger().meter_records > 0);
  const metered = grid.ledger().meter_records;
  const batch = await fillMidway('full.jsonl');
  assert.equal((await grid.request(null, 'GET', '/healthz')).status, 200, 'alive all the same');
  const upload = await grid.upload(other.key, ['{}']);
  assert.equal(upload.status, 503, upload.text);
  assert.equal(upload.json.error.code, 'disk_full');
  assert.match(upload.json.error.message, /no disk space.*try again later/);
  assert.ok(Number(upload.headers['retry-after']) > 0);
  const model = grid.tryCtl(grid.operator, 'model', 'add', process.env.GLEANER_TEST_MODEL,
    '--name', 'second-name');
  assert.notEqual(model.status, 0);

  // What the node held when it happened still comes in; nothing new is handed out.
  let last = -1;
  let since = Date.now();
  await until('the work stands still', () => {
    const now = completed(batch.job);
    if (now !== last) since = Date.now();
    last = now;
    return Date.now() - since > 4_000;
  });
  assert.ok(last < items, `${last} of ${items} were done without room to keep them`);
  const answers = await Promise.all(['1+1=', '2+2=', '3+3='].map((sum) => grid.chat(other.key, sum)));
  for (const { status, json } of answers.filter((reply) => reply.status !== 200)) {
    assert.ok(status === 429 || status === 503);
    assert.match(json.error.message, /saved|disk/);
  }

  grid.disk.free();
  await until('it is ready', async () => (await ready()).status === 200);
  await completes(batch);
  await grid.serves(other.key);
  const answered = answers.filter((reply) => reply.status === 200).length + 1;
  await until('each is metered once', () =>
    grid.ledger().meter_records === metered + items + answered);
  assert.equal((await grid.upload(other.key, ['{}'])).status, 200);
  // The customer's own disk may be full as well.
  const fetched = grid.tryCtl(grid.apiKey, 'job', 'output', batch.job, '--out', '/dev/full');
  assert.notEqual(fetched.status, 0);
  assert.match(fetched.stderr, /cannot write the output: is the disk full/);
});

checked('a coordinator killed while its disk is full says so again and goes on with room', async () => {
  const metered = grid.ledger().meter_records;
  const batch = await fillMidway('killed.jsonl');
  const from = grid.log('coordinator').length;
  grid.killCoordinator();
  // It may come up by the room that its own clearing up makes, but cannot save what comes in.
  await logged('coordinator', /(gleaner-coordinator: |event=settlements_not_saved ).*disk/, from);
  grid.disk.free();
  await logged('coordinator', /is ready: nodes on port/, from);
  await until('it is ready', () => ready().then(({ status }) => status === 200, () => false));
  await completes(batch);
  await grid.serves(other.key);
  await until('each is metered once', () => grid.ledger().meter_records === metered + items + 1);
});

checked('a node without room for a model says so, another does the work, and it recovers', async () => {
  const { child: one } = grid.nodes.get('one');
  one.kill('SIGTERM');
  await until('it has ended', () => one.exitCode !== null, 20);
  const disk = new SmallDisk(grid.path('small'), 256 << 20);
  mkdirSync(grid.path('small'));
  await grid.joined('small', grid.addSite('small'), 2, (args) => {
    const child = grid.launch('small', 'bwrap', [...disk.arguments, programs.node, ...args]);
    disk.seenBy(child);
    return child;
  }, '--disk-keep-free', '0');
  await until('it has the first model', () =>
    grid.serves(other.key).then(() => true, () => false));

  const bytes = readFileSync(process.env.GLEANER_TEST_MODEL);
  bytes[bytes.length - 4] ^= 1;  // the last bit of one weight: another model, as able
  writeFileSync(grid.path('second.gguf'), bytes);
  grid.ctl(grid.operator, 'model', 'add', grid.path('second.gguf'), '--name', 'second');
  disk.fill(1 << 20);
  const requests = grid.requests(100, 'second.jsonl', '--model', 'second');
  const from = grid.log('coordinator').length;
  const job = grid.submit(requests);
  await logged('small', /event=model_failed .*needs 4 MiB.*missing.*free disk space/);
  await logged('coordinator', /event=model_failed node=\S+ .*free disk space/, from);
  const status = spawnSync(programs.node, ['status', '--data-dir', disk.path()],
    { encoding: 'utf8' });
  const problem = JSON.parse(status.stdout).models.find((model) => model.phase === 'failed');
  assert.match(problem.problem, /free disk space/);
  // The operator reads the same, from afar.
  const troubled = grid.ctl(grid.operator, 'node', 'list').data.filter((node) => node.problem);
  assert.equal(troubled.length, 1);
  const shown = grid.ctl(grid.operator, 'node', 'show', troubled[0].id);
  assert.equal(shown.failed_models.length, 1);
  assert.match(shown.failed_models[0].reason, /free disk space/);
  assert.match(shown.problem, /^model [0-9a-f]{12}: .*free disk space/);
  await grid.serves(other.key);  // by what it has in memory

  await grid.addNode('roomy', 3);
  await grid.finished(job);
  grid.check(requests, job);
  disk.free();
  const { child: roomy } = grid.nodes.get('roomy');
  roomy.kill('SIGTERM');
  await until('it has ended', () => roomy.exitCode !== null, 20);
  const again = grid.submit(requests);
  await grid.finished(again);
  grid.check(requests, again);
});

checked('a machine that cannot keep its identity says so, and its token is not used up', () => {
  const folder = grid.path('tiny');
  mkdirSync(folder);
  const token = grid.newToken(grid.addSite('tiny'));
  const enrol = (bytes) => spawnSync('bwrap', [...new SmallDisk(folder, bytes).arguments,
    programs.node, 'enrol', '--coordinator', `localhost:${grid.gatewayPort}`, '--token', token,
    '--data-dir', folder, '--instance', '4'], { encoding: 'utf8' });
  const refused = enrol(4096);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /cannot write \S+: No space left on device/);
  const enrolled = enrol(1 << 20);
  assert.equal(enrolled.status, 0, enrolled.stderr);
  assert.match(enrolled.stdout, /^node_/);
});
