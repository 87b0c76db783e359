// Money leaves by the real programs: roles, an account that only its owner sets, two people above
// the limit, a file for the bank, and nothing twice, also after the coordinator was killed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const number = '6222021234567896789';
const keys = {};

// gleanerctl with something on its standard input.
const typed = (key, input, ...args) => spawnSync(programs.gleanerctl, [...args, '--json'], {
  input, encoding: 'utf8',
  env: { ...process.env, GLEANER_URL: grid.url, GLEANER_CA: grid.authority, GLEANER_KEY: key } });
const refused = (key, ...args) => {
  const done = grid.tryCtl(key, ...args);
  assert.equal(done.status, 1, done.stdout);
  return JSON.parse(done.stderr).error.message;
};
const payout = (...args) => grid.ctl(keys.ann, 'payout', ...args);
const restart = async (between) => {
  grid.coordinator.kill('SIGKILL');
  await until('the coordinator is gone', () => grid.coordinator.signalCode);
  between();
  await grid.startCoordinator();
};

// Confirmed earnings, as if the month's work had passed its checks.
const earn = (owner, micros) => {
  const script = `
import sqlite3, sys
database, owner, micros = sys.argv[1], sys.argv[2], int(sys.argv[3])
db = sqlite3.connect(database)
number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM entries").fetchone()[0]
db.execute("INSERT INTO entries (number, kind) VALUES (?, 'confirm')", (number,))
for name, amount in (("platform", -micros), ("owner:" + owner, micros)):
    db.execute("INSERT INTO accounts (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    account = db.execute("SELECT number FROM accounts WHERE name = ?", (name,)).fetchone()[0]
    db.execute("INSERT INTO balances (account, micros) VALUES (?, 0) ON CONFLICT DO NOTHING", (account,))
    db.execute("INSERT INTO postings VALUES (?, ?, ?)", (account, number, amount))
    db.execute("UPDATE balances SET micros = micros + ? WHERE account = ?", (amount, account))
db.commit()`;
  const done = spawnSync('python3',
    ['-c', script, join(grid.path('coordinator'), 'gleaner.db'), owner, String(micros)],
    { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
};

const checked = testsOf(grid, async () => {
  await grid.start();
  await restart(() => earn(grid.owner, 6_000_005_000));
});

checked('operators get roles, and what a role may not do is refused by name', () => {
  for (const [name, role] of [['ann', 'finance'], ['bob', 'finance'], ['sue', 'support']])
    keys[name] = grid.ctl(grid.operator, 'operator', 'add', name, '--role', role).key;
  assert.deepEqual(grid.ctl(keys.sue, 'operator', 'list').data.map(({ role }) => role),
    ['admin', 'finance', 'finance', 'support']);
  assert.match(refused(keys.sue, 'payout', 'approve', 'pay_x'), /admin or finance, and yours is support/);
  assert.match(refused(keys.ann, 'operator', 'add', 'eve', '--role', 'admin'), /role admin/);
  assert.match(refused(keys.sue, 'customer', 'topup', grid.customer, '5'), /finance/);
});

checked('an owner sets their account by their own key, and the number is shown to nobody', () => {
  assert.match(refused(grid.ownerKey, 'payout', 'request'), /has not said where to be paid/);
  const set = ['payout', 'account', 'set', '--holder', '王小明', '--bank', 'ICBC'];
  const own = typed(grid.ownerKey, `${number}\n`, ...set);
  assert.equal(own.status, 0, own.stderr);
  assert.equal(JSON.parse(own.stdout).account, '****6789');
  const foreign = typed(grid.operator, `${number}\n`, ...set);
  assert.match(foreign.stderr, /operators cannot set it for them/);
  assert.match(typed(grid.ownerKey, '', ...set).stderr, /no account number was given/);
  assert.match(refused(grid.ownerKey, 'payout', 'request'), /not verified/);
  const [account] = payout('account', 'list', '--unverified').data;
  assert.equal(account.party, grid.owner);
  payout('account', 'verify', grid.owner, '--version', String(account.version));
  const shown = grid.ctl(grid.ownerKey, 'payout', 'account', 'show');
  assert.equal(shown.payable_micros.CNY, 6_000_000_000);
  const database = readFileSync(join(grid.path('coordinator'), 'gleaner.db'));
  const log = readFileSync(join(grid.path('coordinator'), 'gleaner.db-wal'));
  for (const text of [database, log, Buffer.from(grid.log('coordinator'))])
    assert.equal(text.includes(number), false);
  assert.equal(statSync(join(grid.path('coordinator'), 'payout.key')).mode & 0o777, 0o600);
});

checked('a payout above the limit takes two people, and its file holds the account once', async () => {
  const ask = ['payout', 'request', '--idempotency-key', 'december'];
  const { id, amount_micros: amount } = grid.ctl(grid.ownerKey, ...ask);
  assert.equal(amount, 6_000_000_000);
  assert.equal(grid.ctl(grid.ownerKey, ...ask).id, id);
  assert.equal(payout('approve', id).data[0].state, 'requested');
  assert.equal(payout('approve', id).data[0].state, 'requested');
  assert.equal(grid.ctl(keys.bob, 'payout', 'approve', id).data[0].state, 'approved');
  await restart(() => {});
  const file = grid.path('batch.csv');
  const { number: batch } = payout('export', '--out', file, '--idempotency-key', 'b1');
  const text = readFileSync(file, 'utf8');
  assert.match(text, new RegExp(`${id},王小明,${number},ICBC,,CNY,6000.00,`));
  assert.match(text, /合计 Total,1,,,,CNY,6000.00/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(refused(keys.ann, 'payout', 'export', '--out', file), /exists already/);
  assert.equal(payout('export', '--out', grid.path('same.csv'), '--idempotency-key', 'b1').number, batch);
});

checked('after a rotation of the key and a crash the batch is the same, and settles once', async () => {
  assert.match(refused(keys.ann, 'payout', 'rotate-key'), /role admin/);
  grid.ctl(grid.operator, 'payout', 'rotate-key');
  await restart(() => {});
  const [batch] = payout('batch', 'list').data;
  payout('batch', 'file', String(batch.number), '--out', grid.path('again.csv'));
  assert.equal(readFileSync(grid.path('again.csv'), 'utf8'), readFileSync(grid.path('batch.csv'), 'utf8'));
  assert.equal(payout('settle', '--batch', String(batch.number), '--reference', 'r1').settled, 1);
  assert.equal(payout('settle', '--batch', String(batch.number)).settled, 0);
  const [paid] = grid.ctl(grid.ownerKey, 'payout', 'list').data;
  assert.equal(paid.state, 'settled');
  assert.match(refused(keys.ann, 'payout', 'fail', paid.id, '--reason', 'x'), /arrived and is settled/);
  assert.match(refused(keys.ann, 'payout', 'export', '--out', grid.path('none.csv')), /no approved payout/);
  assert.equal(grid.ledger().balanced, true);
  // What is below a hundredth stays.
  const { closing_micros: left } = grid.ctl(grid.ownerKey, 'statement', '--owner', grid.owner);
  assert.equal(left, 5_000);
});

checked('the machine tells where its owner is paid to', async () => {
  await grid.addNode('pc', 1);
  const local = () => spawnSync(programs.gleanerctl, ['node', 'earnings', '--days', '3', '--json',
    '--socket', join(grid.path('pc'), 'control.sock')], { encoding: 'utf8' });
  const told = await until('the coordinator has told', () => {
    const done = local();
    return done.status === 0 && JSON.parse(done.stdout).known && JSON.parse(done.stdout);
  });
  assert.equal(told.payout_account, '****6789');
  writeFileSync(grid.path('number'), 'wang@example.com\n');
  grid.ctl(grid.ownerKey, 'payout', 'account', 'set', '--method', 'alipay', '--holder', '王小明',
    '--number-file', grid.path('number'));
  assert.match(refused(grid.ownerKey, 'payout', 'request', '--amount', '100'), /not verified/);
});
