// Reserved machines with real nodes: offered with all that follows, signed, worked on for nothing
// more, kept from others, replaced when one is killed, and given back for the penalty that was shown.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const micros = (decimal) => Math.round(Number(decimal) * 1e6);
let admin;  // the customer's key that may sign
let other;
let device;
let contract;
let reserved;  // name of the node that works for it

const lines = (count) => Array.from({ length: count }, (_, index) => ({
  custom_id: `r${index}`, method: 'POST', url: '/v1/chat/completions',
  body: { model: 'demo-arith', messages: [{ role: 'user', content: `${100 + index}+7=` }],
    temperature: 0, max_tokens: 8 } }));

const offer = (key, ...flags) => grid.tryCtl(key, 'customer-contract', 'offer', ...flags);
const refusal = (result) => {
  assert.notEqual(result.status, 0, result.stdout);
  return JSON.parse(result.stderr).error.message;
};
const text = (key, ...args) => spawnSync(programs.gleanerctl, args, { encoding: 'utf8',
  env: { ...process.env, GLEANER_URL: grid.url, GLEANER_CA: grid.authority, GLEANER_KEY: key } });
const credit = () => grid.account().credit;
const shown = () => grid.ctl(admin, 'customer-contract', 'show', contract);
// Hours that were over were billed: a test may run across one.
const charged = () => micros(shown().availability?.charged ?? 0);

// Which node works for the reservation; nothing while none does.
const reservedNode = () => {
  const { data } = grid.ctl(grid.operator, 'node', 'list');
  const found = data.find((node) => node.state === 'online' && node.reserved);
  return found && [...grid.nodes].find(([, node]) => node.id === found.id)?.[0];
};

// What tokens on the node brought, in micros: reserved hours are not among it while they run.
const revenueOf = (name) => {
  const { data } = grid.ctl(grid.ownerKey, 'earnings', '--by', 'node');
  return data.filter((row) => JSON.stringify(row).includes(grid.nodes.get(name).id))
    .reduce((sum, row) => sum + (row.revenue_micros ?? 0), 0);
};

const checked = testsOf(grid, async () => {
  await grid.start({ withoutCanaries: true });
  admin = grid.ctl(grid.operator, 'apikey', 'new', '--customer', grid.customer, '--scope',
    'inference,batches,files,usage,admin').key;
  other = grid.addCustomer('Other', '50');
  await grid.addNode('one', 1);
  await grid.addNode('two', 2);
  await until('it serves', async () => (await grid.chat(grid.apiKey, '1+1=')).status === 200);
  device = await until('both machines are on offer', () => {
    const { data } = grid.ctl(admin, 'customer-contract', 'classes');
    return data[0]?.devices === 2 && data[0].id;
  });
});

checked('without prices nothing is offered, and then a class has its price', () => {
  assert.match(refusal(offer(admin, '--class', device, '--months', '1')), /price book/);
  writeFileSync(grid.path('prices.toml'), `
[currencies.CNY.device_hours]
"${device}" = "0.1"
[currencies.CNY.models.demo-arith]
prompt = "200"
generated = "800"
`);
  assert.equal(grid.tryCtl(grid.operator, 'prices', 'publish', grid.path('prices.toml')).status, 0);
  const { data: [one] } = grid.ctl(admin, 'customer-contract', 'classes');
  assert.deepEqual(one.hour, { any: '0.1', certified: '0.1' });
});

checked('what does not exist is refused with a sentence, and nothing is posted', () => {
  const before = grid.account();
  const month = ['--months', '1'];
  assert.match(refusal(offer(admin, '--class', 'Cray-1', ...month)),
    /no machine with 'Cray-1' is here/);
  assert.match(refusal(offer(admin, '--class', device, '--devices', '3', ...month)),
    /3 devices .* are too many for that time: 2 are here/);
  assert.match(refusal(offer(admin, '--class', device)), /'to'.*'months'/);
  assert.match(refusal(offer(admin, '--class', device, '--from', '2020-01-01', ...month)),
    /has passed/);
  assert.notEqual(offer(grid.apiKey, '--class', device, ...month).status, 0, 'needs scope admin');
  assert.deepEqual(grid.account(), before);
  assert.deepEqual(grid.ctl(admin, 'customer-contract', 'list').data, []);
});

checked('an offer says what follows from it and binds nobody', () => {
  const before = credit();
  const made = offer(admin, '--class', device, '--months', '1', '--renews');
  assert.equal(made.status, 0, made.stderr);
  const offered = JSON.parse(made.stdout);
  contract = offered.id;
  assert.equal(offered.state, 'offered');
  assert.equal(offered.monthly, '72');
  assert.equal(offered.deposit, '36');
  assert.equal(offered.prices[0].hour, '0.1');
  assert.match(offered.terms.en.join('\n'), /deposit of 36 CNY/);
  assert.match(offered.terms.zh.join('\n'), /押金 36 CNY/);
  assert.equal(credit(), before);
  assert.equal(reservedNode(), undefined);
  const asOperator = grid.ctl(grid.operator, 'customer-contract', 'show', contract);
  assert.deepEqual(asOperator.terms, offered.terms);
  const read = text(admin, 'customer-contract', 'show', contract).stdout;
  for (const part of [/state: offered/, /a month: 72\n/, /Leaving early costs 30 %/, /20\d\d-/])
    assert.match(read, part);
  assert.match(text(admin, 'customer-contract', 'show', contract, '--lang', 'zh').stdout, /违约金/);
  assert.match(text(admin, 'customer-contract', 'list').stdout, /CONTRACT +STATE.*\nctr_\S+ +offered/);
  assert.match(text(admin, 'customer-contract', 'classes').stdout, /DEVICE CLASS +DEVICES/);
  assert.notEqual(grid.tryCtl(other.key, 'customer-contract', 'show', contract).status, 0);
  assert.match(refusal(grid.tryCtl(admin, 'customer-contract', 'sign', contract)), /--yes/);
  assert.notEqual(grid.tryCtl(grid.operator, 'customer-contract', 'sign', contract, '--yes').status,
    0, 'an operator does not sign');
});

checked('signing sets the deposit aside, and a machine works for the customer alone', async () => {
  const before = credit();
  const signed = grid.ctl(admin, 'customer-contract', 'sign', contract, '--yes');
  assert.equal(signed.state, 'signed');
  assert.equal(signed.deposit_held, '36');
  assert.equal(before - credit(), micros(36));
  reserved = await until('a machine is reserved', reservedNode);
});

checked('work on the reserved machine costs nothing more, and its receipts say so', async () => {
  const before = credit() + charged();
  const reply = await until('it answers', async () => {
    const answer = await grid.chat(grid.apiKey, '5+6=');
    return answer.status === 200 && answer;
  });
  const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.equal(receipt.reservation, contract);
  assert.equal(receipt.price_micros, 0);
  writeFileSync(grid.path('job.jsonl'), lines(40).map((line) => JSON.stringify(line)).join('\n'));
  const quote = grid.ctl(grid.apiKey, 'quote', grid.path('job.jsonl'));
  assert.equal(quote.reservation, contract);
  assert.equal(quote.price.highest, '0.000000');
  const id = grid.submit(grid.path('job.jsonl'), '--reservation', contract);
  const job = await grid.finished(id);
  assert.deepEqual(job.request_counts, { total: 40, completed: 40, failed: 0 });
  assert.equal(job.gleaner.reservation, contract);
  assert.equal(credit() + charged(), before);
});

checked('a request may ask for shared machines, and pays there', async () => {
  const reply = await grid.chat(grid.apiKey, '7+8=', { gleaner: { reservation: 'none' } });
  assert.equal(reply.status, 200, reply.text);
  const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.equal(receipt.reservation, null);
  assert.ok(receipt.price_micros > 0);
  for (const [named, status] of [['ctr_none', 404], ['', 400], [5, 400]])
    assert.equal((await grid.chat(grid.apiKey, '1+1=', { gleaner: { reservation: named } })).status,
      status);
  const strict = await grid.chat(grid.apiKey, '1+1=', { gleaner: { privacy: 'certified' } });
  assert.equal(strict.status, 400);
  assert.match(strict.json.error.message, /privacy class/);
  const foreign = await grid.chat(other.key, '1+1=', { gleaner: { reservation: contract } });
  assert.equal(foreign.status, 404);
});

checked("another customer's batch runs on the other machine only", async () => {
  const before = { one: revenueOf('one'), two: revenueOf('two') };
  const { json } = await grid.batch(other.key, lines(60));
  const job = await grid.ended(other.key, json.id);
  assert.deepEqual(job.request_counts, { total: 60, completed: 60, failed: 0 });
  const free = reserved === 'one' ? 'two' : 'one';
  assert.ok(revenueOf(free) > before[free], 'the other machine earned');
  assert.equal(reservedNode(), reserved);
  assert.equal(revenueOf(reserved), before[reserved]);
});

checked('a reserved machine that is killed is replaced by the other one', async () => {
  const lost = reserved;
  grid.nodes.get(lost).child.kill('SIGKILL');
  reserved = await until('the other machine is reserved', () => {
    const now = reservedNode();
    return now !== lost && now;
  }, 90);
  const reply = await until('it answers', async () => {
    const answer = await grid.chat(grid.apiKey, '9+9=');
    return answer.status === 200 && answer;
  }, 90);
  const { json: receipt } = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.equal(receipt.reservation, contract);
  assert.notEqual((await grid.chat(other.key, '1+1=')).status, 200, 'nothing is left to share');
});

checked('leaving costs the penalty that was shown, and the rest of the deposit comes back', async () => {
  assert.match(refusal(grid.tryCtl(admin, 'customer-contract', 'reprice', contract, '--yes')),
    /have not fallen/);
  const wrong = await grid.request(admin, 'POST', `/v1/contracts/${contract}/terminate`,
    { body: { penalty: '0' } });
  assert.equal(wrong.status, 409);
  const before = credit() + charged();
  const { terminate } = shown();
  assert.ok(micros(terminate.penalty) > 0);
  assert.equal(micros(terminate.from_deposit) + micros(terminate.deposit_returned), micros(36));
  const left = grid.ctl(admin, 'customer-contract', 'terminate', contract, '--yes');
  assert.equal(left.state, 'ended');
  const penalty = micros(terminate.penalty);
  await until('the deposit is back', () => {
    const back = credit() + charged();
    // What is left of the month shrinks by the day: the penalty is the one of the moment.
    return back === before + micros(36) - penalty;
  });
  await until('the machine works for everybody', async () =>
    !reservedNode() && (await grid.chat(other.key, '1+1=')).status === 200, 90);
});

checked('the books balance, and the statement says where the money went', () => {
  const ledger = grid.ledger();
  assert.equal(ledger.sum_micros, 0);
  assert.deepEqual(ledger.violations, []);
  const statement = grid.ctl(grid.operator, 'statement', '--customer', grid.customer);
  const kinds = new Set(statement.data.map((line) => line.kind ?? line.type));
  assert.ok(kinds.has('deposit') && kinds.has('deposit_return') && kinds.has('fee'),
    `${[...kinds]}`);
});
