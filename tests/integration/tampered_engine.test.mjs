// Engine packages that were tampered with, before the coordinator and behind its back: refused by
// the coordinator and, were it captured, by the node, each time naming the file; nothing of them
// ever runs, and the grid goes on with the good one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, statSync,
  writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
let library;

const sha256Of = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const engines = () => grid.ctl(grid.operator, 'engine', 'list').data.map((engine) => engine.sha256);
const logged = (name, pattern, from = 0, seconds = 30) =>
  until(`${name} logs ${pattern}`, () => pattern.exec(grid.log(name).slice(from)), seconds);
const ended = (child) => until('it has ended', () =>
  child.exitCode !== null || child.signalCode !== null, 20);

// What a package holds, as one who knows the format writes it: the manifest and its signature first.
const unpacked = () => grid.path('unpacked');
const repacked = (name, change) => {
  const folder = grid.path(name);
  cpSync(unpacked(), folder, { recursive: true });
  const rest = change(folder) ??
    readdirSync(folder).filter((file) => !file.startsWith('manifest.')).sort();
  const archive = grid.path(`${name}.tar.zst`);
  const made = spawnSync('tar', ['-c', '--zstd', '--format=pax', '--owner=0', '--group=0', '-f',
    archive, '-C', folder, 'manifest.json', 'manifest.sig', ...rest], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  return archive;
};
const pack = (out, key, version = '0.5.9') => {
  grid.ctl(null, 'engine', 'pack', '--dir', process.env.GLEANER_TEST_ENGINE_DIR, '--version',
    version, '--backend', 'cpu', '--key', key, '--out', out);
  return out;
};
const flip = (path, at) => {
  const bytes = readFileSync(path);
  bytes[at(bytes.length)] ^= 0x10;
  chmodSync(path, statSync(path).mode | 0o200);
  writeFileSync(path, bytes);
};

const stopped = async (name) => {
  const { child } = grid.nodes.get(name);
  child.kill('SIGTERM');
  await ended(child);
};
const run = (name) => {
  const node = grid.nodes.get(name);
  node.child = grid.launch(name, programs.node, ['run', '--coordinator',
    `localhost:${grid.gatewayPort}`, '--data-dir', grid.path(name), '--instance',
    String(node.instance)]);
};

const checked = testsOf(grid, async () => {
  await grid.start();
  const packed = grid.path('engine.tar.zst');
  const made = spawnSync('sh', ['-c', 'mkdir "$2" && tar -x --zstd -f "$1" -C "$2"', 'sh', packed,
    unpacked()], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  library = readdirSync(unpacked()).find((file) => file.startsWith('libllama.so'));
  assert.ok(library, 'the engine has a library');
  await grid.addNode('one', 1);
});

checked('a package packed by hand is taken when nothing of it was changed', async () => {
  const archive = repacked('as-it-was', () => {});
  grid.ctl(grid.operator, 'engine', 'add', archive);
  assert.ok(engines().includes(sha256Of(archive)), 'so what is refused below is refused rightly');
});

checked('the coordinator refuses a package that was changed and names the file', async () => {
  const had = engines();
  const account = grid.account();
  const cases = {
    'byte-in-a-file': [(folder) => flip(join(folder, library), (size) => size >> 1),
      new RegExp(`${library.replaceAll('.', '\\.')} has a wrong hash`)],
    'longer-file': [(folder) => writeFileSync(join(folder, library), 'x', { flag: 'a' }),
      new RegExp(`${library.replaceAll('.', '\\.')} has \\d+ bytes, its manifest says`)],
    'file-added': [(folder) => writeFileSync(join(folder, 'libevil.so'), 'evil'),
      /libevil\.so is not in the signed manifest/],
    'file-missing': [(folder) => {
      rmSync(join(folder, library));
    }, new RegExp(`${library.replaceAll('.', '\\.')} is missing`)],
    'program-not-executable': [(folder) => chmodSync(join(folder, 'llama-server'), 0o644),
      /llama-server has another mode/],
    'manifest-changed': [(folder) => {
      const manifest = join(folder, 'manifest.json');
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('0.5.0', '0.5.8'));
    }, /signature is wrong: the manifest was changed/],
    'path-outside': [(folder) => {
      writeFileSync(grid.path('outside'), 'evil');
      return ['--absolute-names', '../outside'];
    }, /\.\.\/outside.*outside the package/],
  };
  for (const [name, [change, words]] of Object.entries(cases)) {
    const archive = repacked(name, change);
    const told = grid.tryCtl(grid.operator, 'engine', 'add', archive);
    assert.notEqual(told.status, 0, name);
    assert.match(told.stderr, words, name);
    assert.ok(!readdirSync(grid.path('coordinator/artefacts')).includes(sha256Of(archive)), name);
  }
  assert.deepEqual(engines(), had);
  assert.deepEqual(grid.account(), account);
});

checked('a damaged archive and a stranger\'s signature are refused as what they are', async () => {
  const had = engines();
  const damaged = pack(grid.path('damaged.tar.zst'), grid.path('release.key'));
  flip(damaged, (size) => size >> 1);
  const torn = grid.tryCtl(grid.operator, 'engine', 'add', damaged);
  assert.notEqual(torn.status, 0);
  assert.match(torn.stderr, /the package.*(damaged|wrong hash)/);
  grid.ctl(null, 'key', 'new', '--out', grid.path('stranger.key'));
  const foreign = pack(grid.path('foreign.tar.zst'), grid.path('stranger.key'));
  const told = grid.tryCtl(grid.operator, 'engine', 'add', foreign);
  assert.notEqual(told.status, 0);
  assert.match(told.stderr, /signed by key \\"[0-9a-f]+\\", but only key [0-9a-f]+ is trusted here/);
  assert.deepEqual(engines(), had);
});

checked('a node takes no byte that was changed where the coordinator keeps it', async () => {
  await stopped('one');
  const newest = sha256Of(grid.path('as-it-was.tar.zst'));
  const blob = grid.path(`coordinator/artefacts/${newest}`);
  const whole = readFileSync(blob);
  flip(blob, (size) => size >> 1);
  await grid.addNode('fresh', 2);
  const requests = grid.requests(20, 'few.jsonl');
  const job = grid.submit(requests);
  await logged('fresh', new RegExp(`event=chunk_list_failed sha256=${newest} .*damaged`));
  assert.deepEqual(readdirSync(grid.path('fresh/cache/engines')), []);
  writeFileSync(blob, whole);
  await grid.finished(job);
  grid.check(requests, job);
  await stopped('fresh');
});

checked('a captured coordinator cannot make a node run what its owner\'s release key did not sign',
  async () => {
    grid.coordinator.kill('SIGTERM');
    await ended(grid.coordinator);
    const stranger = grid.ctl(null, 'key', 'show', grid.path('stranger.key')).public_key;
    const { coordinatorFlags } = grid;
    grid.coordinatorFlags = ['--release-public-key', stranger];
    await grid.startCoordinator();
    grid.ctl(grid.operator, 'engine', 'add', grid.path('foreign.tar.zst'));
    const from = grid.log('one').length;
    run('one');
    await logged('one', /event=connected/, from);
    const job = grid.submit(grid.requests(20, 'foreign.jsonl'));
    await logged('one', /event=model_failed .*signed by key/, from);
    assert.doesNotMatch(grid.log('one').slice(from), /event=engine_ready/);
    grid.ctl(grid.apiKey, 'job', 'cancel', job);
    await stopped('one');
    grid.coordinator.kill('SIGTERM');
    await ended(grid.coordinator);
    grid.coordinatorFlags = coordinatorFlags;
  });

checked('nor a changed file in a package that only its database calls good', async () => {
  const archive = grid.path('byte-in-a-file.tar.zst');
  const sha256 = sha256Of(archive);
  cpSync(archive, grid.path(`coordinator/artefacts/${sha256}`));
  const made = spawnSync('python3', ['-c', `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
names = [row[1] for row in database.execute('PRAGMA table_info(engines)')]
row = dict(zip(names, database.execute('SELECT * FROM engines ORDER BY created DESC').fetchone()))
row.update(sha256=sys.argv[2], size_bytes=int(sys.argv[3]), created=row['created'] + 1)
database.execute(f"INSERT INTO engines ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
                 list(row.values()))
database.commit()
`, grid.path('coordinator/gleaner.db'), sha256, String(statSync(archive).size)],
  { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  await grid.startCoordinator();
  const from = grid.log('one').length;
  run('one');
  await logged('one', /event=connected/, from);
  const job = grid.submit(grid.requests(20, 'changed.jsonl'));
  await logged('one', new RegExp(`event=model_failed .*${library} has a wrong hash`), from);
  assert.doesNotMatch(grid.log('one').slice(from), /event=engine_ready/);
  assert.ok(!readdirSync(grid.path('one/cache/engines')).includes(sha256));
  await stopped('one');

  // The way back: a newer package with the right signature.
  const good = pack(grid.path('good.tar.zst'), grid.path('release.key'), '0.6.0');
  grid.ctl(grid.operator, 'engine', 'add', good);
  const back = grid.log('one').length;
  run('one');
  await logged('one', /event=connected/, back);
  const done = await grid.finished(job);
  assert.deepEqual(done.request_counts, { total: 20, completed: 20, failed: 0 });
  grid.check(grid.path('changed.jsonl'), job);
});
