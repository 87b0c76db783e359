// Two customers on one grid: whatever one of them has does not exist for the other, byte for byte;
// each kind of key opens its own doors only; and a privacy class keeps work off the machines that
// it excludes.
import assert from 'node:assert/strict';

import { Grid, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const their = {};  // ids of what customer A has
let a;
let b;

const line = (id, question = '1+1=') => ({ custom_id: id, method: 'POST',
  url: '/v1/chat/completions', body: { model: 'demo-arith', max_tokens: 8, temperature: 0,
    messages: [{ role: 'user', content: question }] } });
const get = (key, path) => grid.request(key, 'GET', path);

// What follows the prefix of an id; a batch line's has two.
const own = (id) => id.slice(id.search(/[-_](?!.*[-_])/) + 1);
// An id of the same form and length that nothing has.
const unlike = (id) => {
  const invented = id.replace(own(id), [...own(id)].reverse().join(''));
  assert.notEqual(invented, id);
  return invented;
};

// All that a client can see of a reply, without what differs between any two of them.
const seen = (reply, id) => {
  const differing = /^(x-request-id|x-ratelimit-.*)$/;
  const headers = Object.entries(reply.headers).filter(([name]) => !differing.test(name));
  return { status: reply.status, headers, text: reply.text.replaceAll(own(id), 'ID') };
};

// `ask(id)` tells the same of another's id as of one that does not exist.
const indistinguishable = async (id, ask, status) => {
  const [real, invented] = [await ask(id), await ask(unlike(id))];
  assert.equal(real.status, status, real.text);
  assert.deepEqual(seen(real, id), seen(invented, unlike(id)));
  return real;
};

const checked = testsOf(grid, async () => {
  await grid.start();
  a = { id: grid.customer, key: grid.apiKey };
  b = grid.addCustomer('B');
  await grid.addNode('any', 1);
  await until('the node has the model', () => grid.serves(a.key).then(() => true, () => false));

  const { json: batch } = await grid.batch(a.key, [line('one'), { ...line('two'), body: {
    ...line('').body, temperature: 'hot' } }]);
  const done = await grid.ended(a.key, batch.id);
  Object.assign(their, { batch: batch.id, input: done.input_file_id, output: done.output_file_id,
    errors: done.error_file_id });
  const { text } = await get(a.key, `/v1/files/${their.output}/content`);
  Object.assign(their, { line: JSON.parse(text).id,
    lineRequest: JSON.parse(text).response.request_id });
  const answer = await grid.chat(a.key, '2+2=');
  Object.assign(their, { answer: answer.json.id, request: answer.headers['x-request-id'] });
});

checked('its owner finds everything, so that what follows means something', async () => {
  for (const id of ['input', 'output', 'errors']) {
    assert.equal((await get(a.key, `/v1/files/${their[id]}`)).status, 200, id);
    assert.equal((await get(a.key, `/v1/files/${their[id]}/content`)).status, 200, id);
  }
  assert.equal((await get(a.key, `/v1/batches/${their.batch}`)).status, 200);
  for (const id of ['line', 'lineRequest', 'answer', 'request'])
    assert.equal((await get(a.key, `/v1/receipts/${their[id]}`)).status, 200, id);
});

checked('files of another do not exist', async () => {
  for (const id of [their.input, their.output, their.errors]) {
    for (const path of [`/v1/files/ID`, '/v1/files/ID/content'])
      await indistinguishable(id, (one) => get(b.key, path.replace('ID', one)), 404);
    await indistinguishable(id, (one) => grid.request(b.key, 'DELETE', `/v1/files/${one}`), 404);
    await indistinguishable(id, (one) => grid.request(b.key, 'GET', `/v1/files/${one}/content`,
      { headers: { range: 'bytes=0-3' } }), 404);
    await indistinguishable(id, (one) => get(b.key, `/v1/files?after=${one}`), 400);
    await indistinguishable(id, (one) => grid.request(b.key, 'POST', '/v1/batches', { body: {
      input_file_id: one, endpoint: '/v1/chat/completions', completion_window: '24h' } }), 400);
    assert.equal((await get(a.key, `/v1/files/${id}/content`)).status, 200, 'and they are still there');
  }
});

checked('batches of another do not exist', async () => {
  const { json: running } = await grid.batch(a.key,
    Array.from({ length: 400 }, (_, i) => line(`r${i}`)));
  for (const id of [their.batch, running.id]) {
    await indistinguishable(id, (one) => get(b.key, `/v1/batches/${one}`), 404);
    await indistinguishable(id,
      (one) => grid.request(b.key, 'POST', `/v1/batches/${one}/cancel`), 404);
    await indistinguishable(id, (one) => get(b.key, `/v1/batches?after=${one}`), 400);
  }
  assert.equal((await grid.ended(a.key, running.id)).status, 'completed', 'and was not cancelled');
});

checked('receipts of another do not exist', async () => {
  for (const id of [their.line, their.lineRequest, their.answer, their.request])
    await indistinguishable(id, (one) => get(b.key, `/v1/receipts/${one}`), 404);
});

checked('an account of another does not exist', async () => {
  assert.equal((await get(b.key, `/api/v1/statements/customers/${b.id}`)).status, 200);
  await indistinguishable(a.id, (one) => get(b.key, `/api/v1/statements/customers/${one}`), 404);
});

checked('lists hold one\'s own and nothing else', async () => {
  const { json: mine } = await grid.upload(b.key, [line('mine')]);
  const files = await get(b.key, '/v1/files');
  assert.deepEqual(files.json.data.map((file) => file.id), [mine.id]);
  assert.equal(files.json.has_more, false);
  for (const purpose of ['batch', 'batch_output']) {
    const { json } = await get(b.key, `/v1/files?purpose=${purpose}`);
    assert.ok(json.data.every((file) => file.id === mine.id), purpose);
  }
  assert.deepEqual((await get(b.key, '/v1/batches')).json.data, []);
  const all = await get(a.key, '/v1/batches');
  assert.ok(all.json.data.some((batch) => batch.id === their.batch));
  const account = grid.account(b.id);
  assert.deepEqual(account.data.map((one) => one.label), ['top_up'], 'used nothing');
  assert.equal(account.closing, 10_000_000);
});

checked('an Idempotency-Key is one\'s own', async () => {
  const key = { 'idempotency-key': 'the-same-words' };
  const first = await grid.chat(a.key, '3+4=', {}, key);
  assert.equal(first.json.choices[0].message.content, '7');
  const again = await grid.chat(a.key, '3+4=', {}, key);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.equal(again.json.id, first.json.id);
  // Neither a replay of another's answer, nor the news that the key was used.
  const [same, different] = [await grid.chat(b.key, '3+4=', {}, key),
    await grid.chat(b.key, '30+40=', {}, { 'idempotency-key': 'the-same-words' })];
  assert.equal(same.status, 200);
  assert.equal(same.headers['idempotent-replayed'], undefined);
  assert.notEqual(same.json.id, first.json.id);
  assert.equal(different.status, 422, 'now it was used by B');
  const fresh = { 'idempotency-key': 'of-a-batch' };
  const [ofA, ofB] = [await grid.batch(a.key, [line('x')], {}, fresh),
    await grid.batch(b.key, [line('x')], {}, fresh)];
  assert.equal(ofB.status, 200, ofB.text);
  assert.notEqual(ofA.json.id, ofB.json.id);
  await grid.ended(b.key, ofB.json.id);
  await grid.ended(a.key, ofA.json.id);
});

checked('each is charged for their own', async () => {
  const before_ = { a: grid.account(a.id), b: grid.account(b.id) };
  const reply = await grid.chat(b.key, '5+5=');
  const receipt = await get(b.key, `/v1/receipts/${reply.json.id}`);
  await until('it is posted', () => grid.account(b.id).closing < before_.b.closing);
  assert.equal(before_.b.closing - grid.account(b.id).closing, receipt.json.price_micros);
  assert.deepEqual(grid.account(a.id), before_.a);
});

checked('a key opens the doors of its kind only', async () => {
  const partner = grid.ctl(grid.operator, 'partner', 'add', 'Partner');
  const doors = [['GET', '/v1/models'], ['GET', '/v1/files'], ['GET', '/v1/batches'],
    ['POST', '/v1/batches'], ['POST', '/v1/chat/completions'], ['POST', '/v1/embeddings'],
    ['POST', '/v1/files'], ['GET', `/v1/files/${their.input}`],
    ['GET', `/v1/batches/${their.batch}`], ['POST', `/v1/batches/${their.batch}/cancel`],
    ['GET', `/v1/receipts/${their.request}`]];
  for (const [method, path] of doors) {
    for (const key of [grid.operator, grid.ownerKey, partner.key]) {
      const reply = await grid.request(key, method, path);
      assert.equal(reply.status, 403, `${method} ${path}: ${reply.text}`);
      assert.match(reply.json.error.message, /project/);
    }
  }
  const site = grid.nodes.get('any').site;
  const node = grid.nodes.get('any').id;
  const operators = [['GET', '/api/v1/customers'], ['POST', '/api/v1/customers'],
    ['POST', `/api/v1/customers/${b.id}/topups`], ['GET', '/api/v1/owners'],
    ['POST', '/api/v1/owners'], ['GET', '/api/v1/partners'], ['POST', '/api/v1/partners'],
    ['POST', '/api/v1/apikeys'], ['GET', `/api/v1/apikeys?customer=${b.id}`],
    ['GET', '/api/v1/nodes'], ['GET', `/api/v1/nodes/${node}`], ['DELETE', `/api/v1/nodes/${node}`],
    ['POST', `/api/v1/nodes/${node}/drain`], ['GET', '/api/v1/sites'], ['POST', '/api/v1/sites'],
    ['DELETE', `/api/v1/sites/${site}/consent`], ['PUT', `/api/v1/sites/${site}/certified`],
    ['POST', '/api/v1/tokens'], ['GET', `/api/v1/tokens?site=${site}`], ['GET', '/api/v1/models'],
    ['POST', '/api/v1/models'], ['DELETE', '/api/v1/models/demo-arith'],
    ['GET', '/api/v1/engines'], ['POST', '/api/v1/engines'],
    ['PUT', `/api/v1/artefacts/${'0'.repeat(64)}`], ['GET', '/api/v1/statements/platform'],
    ['GET', `/api/v1/statements/owners/${grid.owner}`], ['GET', '/api/v1/ledger/check']];
  for (const [method, path] of operators) {
    const reply = await grid.request(b.key, method, path);
    assert.ok([403, 404].includes(reply.status), `${method} ${path}: ${reply.status} ${reply.text}`);
    assert.ok(reply.json.error.message.length > 10);
  }
  await grid.serves(a.key);
});

checked('owners are as blind to each other', async () => {
  const second = grid.ctl(grid.operator, 'owner', 'add', 'Second owner');
  const { site, id: node } = grid.nodes.get('any');
  const ask = (method, path) => (one) =>
    grid.request(second.key, method, path.replace('ID', one), { body: method === 'POST' ? {} : '' });
  await indistinguishable(node, ask('GET', '/api/v1/nodes/ID'), 404);
  await indistinguishable(node, ask('DELETE', '/api/v1/nodes/ID'), 404);
  await indistinguishable(node, ask('POST', '/api/v1/nodes/ID/drain'), 404);
  await indistinguishable(site, ask('GET', '/api/v1/nodes?site=ID'), 404);
  await indistinguishable(site, ask('GET', '/api/v1/tokens?site=ID'), 404);
  await indistinguishable(site, ask('DELETE', '/api/v1/sites/ID/consent'), 404);
  await indistinguishable(site, (one) => grid.request(second.key, 'POST', '/api/v1/tokens',
    { body: { site: one } }), 404);
  const [token] = grid.ctl(grid.ownerKey, 'token', 'list', '--site', site).data;
  await indistinguishable(token.id, ask('DELETE', '/api/v1/tokens/ID'), 404);
  await indistinguishable(grid.owner, ask('GET', '/api/v1/statements/owners/ID'), 404);
  for (const list of ['sites', 'nodes'])
    assert.deepEqual((await get(second.key, `/api/v1/${list}`)).json.data, [], list);
  await grid.serves(a.key);
});

checked('a privacy class keeps work off every other machine', async () => {
  const friend = grid.ctl(grid.operator, 'owner', 'add', 'Friend');
  const c = grid.addCustomer('C', '10', '--own-sites-of', friend.id);
  const items = (owner) => grid.ctl(grid.operator, 'statement', '--owner', owner).data
    .map((one) => one.items).reduce((sum, count) => sum + count, 0);
  const lines = Array.from({ length: 60 }, (_, i) => line(`p${i}`, `${i}+1=`));
  const of = (privacy) => grid.batch(c.key, lines, { gleaner: { privacy } });

  // Nobody may run these yet: they wait, while the machine that is there serves everyone else.
  const { json: own } = await of('own');
  const { json: certified } = await of('certified');
  const had = items(grid.owner);
  const { json: any } = await of('any');
  assert.equal((await grid.ended(c.key, any.id)).request_counts.completed, 60);
  assert.equal(items(grid.owner) - had, 60);
  for (const { id } of [own, certified]) {
    const { json } = await get(c.key, `/v1/batches/${id}`);
    assert.deepEqual([json.status, json.request_counts.completed], ['in_progress', 0]);
  }
  assert.equal(items(friend.id), 0);
  const none = await grid.batch(b.key, lines, { gleaner: { privacy: 'own' } });
  assert.equal(none.status, 400);
  assert.match(none.json.error.message, /sites of your own.*ask the operator/);

  // A machine of the friend's: "own" may run there, "certified" not yet.
  const ownerKey = grid.ownerKey;
  grid.ownerKey = friend.key;
  const site = grid.addSite('friend');
  await grid.addNode('own', 2, site);
  grid.ownerKey = ownerKey;
  assert.equal((await grid.ended(c.key, own.id)).request_counts.completed, 60);
  assert.equal(items(friend.id), 60);
  const online = await grid.chat(c.key, '1+2=', {}, { 'gleaner-privacy': 'own' });
  assert.equal(online.json.choices[0].message.content, '3');
  await until('it is posted', () => items(friend.id) === 61);
  const waiting = await get(c.key, `/v1/batches/${certified.id}`);
  assert.equal(waiting.json.request_counts.completed, 0);

  // Certified: the word is the platform's, and counts when the node comes in.
  const trusted = grid.addSite('trusted');
  grid.ctl(grid.operator, 'site', 'certify', trusted);
  const [owned, friends] = [items(grid.owner), items(friend.id)];
  await grid.addNode('certified', 3, trusted);
  assert.equal((await grid.ended(c.key, certified.id)).request_counts.completed, 60);
  assert.equal(items(grid.owner) - owned, 60);
  assert.equal(items(friend.id), friends);
  const byNode = grid.ctl(grid.operator, 'statement', '--owner', grid.owner).data
    .find((one) => one.label.startsWith(grid.nodes.get('certified').id));
  assert.equal(byNode.items, 60);
  grid.ledger();
});
