// What a tenant's keys may do and spend, with the real coordinator and a real machine: scopes, caps,
// rates, budgets, post-paid credit, usage and costs; and that none of it shows another tenant
// anything.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { Grid, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
let a;
let b;

const line = (id, question = '1+1=') => ({ custom_id: id, method: 'POST',
  url: '/v1/chat/completions', body: { model: 'demo-arith', max_tokens: 8, temperature: 0,
    messages: [{ role: 'user', content: question }] } });
const get = (key, path) => grid.request(key, 'GET', path);
const ctl = (...args) => grid.ctl(grid.operator, ...args);
const newKey = (customer, ...flags) => ctl('apikey', 'new', '--customer', customer, ...flags);
// Midnight in UTC before all of this: the test may run over the next one.
const since = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400;
const sum = (page, of) => page.data.flatMap((bucket) => bucket.results).map(of)
  .reduce((all, one) => all + one, 0);

const checked = testsOf(grid, async () => {
  await grid.start();
  a = { id: grid.customer, key: grid.apiKey };
  b = grid.addCustomer('B');
  for (const one of [a, b]) one.admin = newKey(one.id, '--scope', 'admin').key;
  await grid.addNode('any', 1);
  await until('the node has the model', () => grid.serves(a.key).then(() => true, () => false));
});

checked('a key passes the routes of its scopes and no other', async () => {
  const every = ['inference', 'batches', 'files', 'usage', 'admin'];
  const doors = [
    ['GET', '/v1/models', every], ['GET', '/v1/models/demo-arith', every],
    ['POST', '/v1/files', ['files']], ['GET', '/v1/files', ['files']],
    ['GET', '/v1/files/file-x', ['files']], ['DELETE', '/v1/files/file-x', ['files']],
    ['GET', '/v1/files/file-x/content', ['files']],
    ['POST', '/v1/batches', ['batches']], ['GET', '/v1/batches', ['batches']],
    ['GET', '/v1/batches/batch_x', ['batches']],
    ['POST', '/v1/batches/batch_x/cancel', ['batches']],
    ['POST', '/v1/chat/completions', ['inference']], ['POST', '/v1/completions', ['inference']],
    ['POST', '/v1/embeddings', ['inference']],
    ['GET', '/v1/receipts/req_x', ['inference', 'batches', 'usage']],
    ['GET', '/v1/organization/usage/completions', ['usage', 'admin']],
    ['GET', '/v1/organization/usage/embeddings', ['usage', 'admin']],
    ['GET', '/v1/organization/costs', ['usage', 'admin']],
    ['GET', '/v1/organization/projects', ['admin']],
    ['POST', '/v1/organization/projects', ['admin']],
    ['GET', '/v1/organization/projects/proj_x', ['admin']],
    ['GET', '/v1/organization/projects/proj_x/api_keys', ['admin']],
    ['POST', '/v1/organization/projects/proj_x/api_keys', ['admin']],
    ['GET', '/v1/organization/projects/proj_x/api_keys/key_x', ['admin']],
    ['DELETE', '/v1/organization/projects/proj_x/api_keys/key_x', ['admin']],
    ['GET', '/v1/organization/admin_api_keys', ['admin']],
    ['POST', '/v1/organization/admin_api_keys', ['admin']],
    ['DELETE', '/v1/organization/admin_api_keys/key_x', ['admin']]];
  for (const scope of every) {
    const { key } = newKey(a.id, '--scope', scope);
    for (const [method, path, scopes] of doors) {
      const reply = await grid.request(key, method, path);
      const what = `${scope}: ${method} ${path}: ${reply.status} ${reply.text}`;
      const refused = reply.status === 403 && reply.json.error.code === 'missing_scope';
      assert.equal(refused, !scopes.includes(scope), what);
      if (!refused) continue;
      assert.ok(reply.json.error.message.includes(scopes[0]), what);
      assert.equal(reply.json.error.type, 'invalid_request_error');
    }
  }
});

checked('an expired key opens nothing, a limited one waits', async () => {
  const soon = new Date(Date.now() + 9_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const { key } = newKey(a.id, '--expires', soon);
  assert.equal((await get(key, '/v1/models')).status, 200);
  await until('it has expired', async () => (await get(key, '/v1/models')).status === 401);
  const limited = newKey(a.id, '--requests-per-minute', '3').key;
  const replies = [];
  for (let i = 0; i < 4; ++i) replies.push(await grid.chat(limited, '1+1='));
  assert.deepEqual(replies.map((one) => one.status), [200, 200, 200, 429]);
  assert.equal(replies[0].headers['x-ratelimit-limit-requests'], '3');
  assert.equal(replies[3].json.error.code, 'rate_limit_exceeded');
  assert.equal((await grid.chat(a.key, '1+1=')).status, 200);
});

checked('a key spends up to its cap, online and in batches, and others go on', async () => {
  const made = newKey(a.id, '--spend-cap', '0.0015');
  let reply = await grid.chat(made.key, '2+2=');
  for (let i = 0; reply.status === 200 && i < 60; ++i) reply = await grid.chat(made.key, '2+2=');
  assert.equal(reply.status, 429, reply.text);
  assert.equal(reply.json.error.code, 'insufficient_quota');
  assert.match(reply.json.error.message, /spend cap of 0\.001500 CNY/);
  const listed = () => ctl('apikey', 'list', '--customer', a.id).data
    .find((one) => one.id === made.id);
  assert.ok(listed().spent_micros > 0 && listed().spent_micros <= 1_500, listed().spent_micros);
  const lines = Array.from({ length: 20 }, (_, i) => line(`c${i}`));
  const refused = await grid.batch(made.key, lines);
  assert.equal(refused.status, 429, refused.text);
  assert.match(refused.json.error.message, /spend cap/);
  await grid.serves(a.key);
  ctl('apikey', 'set', made.id, '--spend-cap', '5');
  const { json: batch } = await grid.batch(made.key, lines);
  assert.equal((await grid.ended(made.key, batch.id)).status, 'completed');
  const usage = (await get(a.admin, `/v1/organization/usage/completions?start_time=${since}` +
    `&group_by=batch&api_key_ids=${made.id}`)).json;
  assert.equal(sum(usage, (one) => (one.batch ? one.num_model_requests : 0)), 20);
  grid.ledger();
});

checked('a budget warns at its thresholds, and a hard one stops the project', async () => {
  const c = grid.addCustomer('C');
  const [project] = ctl('project', 'list', '--customer', c.id).data;
  ctl('budget', 'set', '--project', project.id, '--amount', '0.001', '--threshold', '10,50');
  let reply;
  for (let i = 0; i < 40; ++i) {
    reply = await grid.chat(c.key, '3+3=');
    assert.equal(reply.status, 200, 'a soft budget refuses nothing');
  }
  await until('both alerts are raised', () =>
    ctl('budget', 'alerts', '--customer', c.id).data.length === 2);
  const alerts = ctl('budget', 'alerts', '--customer', c.id).data;
  assert.deepEqual(alerts.map((one) => one.percent), [50, 10]);
  assert.ok(alerts.every((one) => one.subject === project.id && one.delivered_at === null));
  ctl('budget', 'set', '--project', project.id, '--amount', '0.002', '--hard');
  for (let i = 0; reply.status === 200 && i < 90; ++i) reply = await grid.chat(c.key, '3+3=');
  assert.equal(reply.status, 429, reply.text);
  assert.match(reply.json.error.message, /budget of this key's project.*gleanerctl budget set/);
  assert.match(grid.log('coordinator'), /event=budget_threshold_crossed project=proj_/);
  ctl('budget', 'remove', '--project', project.id);
  await grid.serves(c.key);
});

checked('post-paid: a customer owes up to the limit', async () => {
  const { id } = ctl('customer', 'add', 'Post-paid');
  const { key } = newKey(id);
  const broke = await grid.chat(key, '1+1=');
  assert.equal(broke.status, 429);
  ctl('customer', 'credit-limit', id, '1');
  await grid.serves(key);
  await until('it is owed', () => ctl('customer', 'credit', id).balance_micros < 0);
  const credit = ctl('customer', 'credit', id);
  assert.equal(credit.credit_micros, credit.balance_micros + 1_000_000);
  const { json: batch } = await grid.batch(key, [line('one'), line('two')]);
  assert.equal((await grid.ended(key, batch.id)).status, 'completed');
  ctl('customer', 'credit-limit', id, '0.000001');
  const refused = await grid.chat(key, '1+1=');
  assert.equal(refused.status, 429);
  assert.match(refused.json.error.message, /a balance of -0\.\d+ and a credit limit of 0\.000001/);
  assert.equal((await grid.batch(key, [line('three')])).status, 429);
  grid.ledger();
});

checked('prepaid money goes back once, and never more than there is', async () => {
  const { id } = grid.addCustomer('Leaves', '3');
  const back = ['customer', 'refund', id, '2', '--idempotency-key', 'bank-17'];
  for (let i = 0; i < 2; ++i) assert.equal(ctl(...back).balance_micros, 1_000_000);
  const more = grid.tryCtl(grid.operator, 'customer', 'refund', id, '2', '--idempotency-key', 'x');
  assert.notEqual(more.status, 0);
  assert.match(more.stderr, /balance is 1\.000000/);
  grid.ledger();
});

checked('usage and costs are what was charged', async () => {
  const d = grid.addCustomer('D', '4');
  const [project] = ctl('project', 'list', '--customer', d.id).data;
  for (let i = 0; i < 3; ++i) await grid.chat(d.key, '4+4=');
  const { json: batch } = await grid.batch(d.key, [line('x'), line('y')]);
  await grid.ended(d.key, batch.id);
  const costs = () => get(d.key, `/v1/organization/costs?start_time=${since}&group_by=project_id`);
  const charged = () => 4_000_000 - grid.account(d.id).closing;
  await until('all is posted', async () => charged() > 0 &&
    sum((await costs()).json, (one) => one.amount.value_micros) === charged());
  const { json: page } = await costs();
  assert.equal(page.object, 'page');
  const [result] = page.data.flatMap((bucket) => bucket.results);
  assert.deepEqual([result.object, result.project_id, result.amount.currency],
    ['organization.costs.result', project.id, 'cny']);
  for (const width of ['1m', '1h', '1d']) {
    const start = width === '1d' ? since : Math.floor(Date.now() / 1000) - 900;
    const { json } = await get(d.key,
      `/v1/organization/usage/completions?start_time=${start}&bucket_width=${width}&group_by=model`);
    assert.equal(sum(json, (one) => one.num_model_requests), 5, width);
    assert.ok(sum(json, (one) => one.input_tokens) > 0);
    assert.ok(json.data.flatMap((one) => one.results).every((one) => one.model === 'demo-arith'));
  }
  const rows = grid.ctl(d.key, 'usage').data;
  assert.equal(rows.reduce((all, one) => all + one.requests, 0), 5);
  assert.equal((await get(d.key, '/v1/organization/usage/completions')).status, 400);
});

checked('an admin key makes projects and keys of its customer, in their currency', async () => {
  const made = await grid.request(b.admin, 'POST', '/v1/organization/projects',
    { body: { name: 'abroad', gleaner: { currency: 'USD' } } });
  assert.equal(made.json.object, 'organization.project');
  const keys = `/v1/organization/projects/${made.json.id}/api_keys`;
  const key = (await grid.request(b.admin, 'POST', keys, { body: { name: 'app' } })).json;
  const unsold = await grid.chat(key.value, '1+1=');
  assert.equal(unsold.status, 400, 'nothing is sold for dollars yet');
  writeFileSync(grid.path('prices.toml'),
    '[currencies.USD.models.demo-arith]\nprompt = "1"\ngenerated = "2"\n');
  ctl('prices', 'publish', grid.path('prices.toml'));
  const poor = await grid.chat(key.value, '1+1=');
  assert.equal(poor.status, 429, 'there are no dollars yet');
  assert.match(poor.json.error.message, /USD/);
  ctl('customer', 'topup', b.id, '5', '--currency', 'USD');
  await grid.serves(key.value);
  assert.deepEqual((await get(b.admin, keys)).json.data.map((one) => one.id), [key.id]);
  assert.equal((await grid.request(b.admin, 'DELETE', `${keys}/${key.id}`)).json.deleted, true);
  assert.equal((await get(key.value, '/v1/models')).status, 401);
  const admins = (await get(b.admin, '/v1/organization/admin_api_keys')).json.data;
  assert.equal(admins.length, 1);
});

checked('nothing of another tenant is seen or touched', async () => {
  const [theirs] = ctl('project', 'list', '--customer', a.id).data;
  const [key] = ctl('apikey', 'list', '--customer', a.id).data;
  const paths = [`/v1/organization/projects/${theirs.id}`,
    `/v1/organization/projects/${theirs.id}/api_keys`,
    `/v1/organization/projects/${theirs.id}/api_keys/${key.id}`,
    `/api/v1/customers/${a.id}/credit`, `/api/v1/usage?customer=${a.id}`,
    `/api/v1/usage?project=${theirs.id}`, `/api/v1/budgets?customer=${a.id}`,
    `/api/v1/alerts?customer=${a.id}`, `/api/v1/projects?customer=${a.id}`,
    `/api/v1/apikeys?customer=${a.id}`, `/api/v1/apikeys?project=${theirs.id}`];
  for (const path of paths) {
    const invented = path.replace(theirs.id, 'proj_none').replace(key.id, 'key_none')
      .replace(a.id, 'cus_none');
    const [real, none] = [await get(b.admin, path), await get(b.admin, invented)];
    assert.equal(real.status, 404, `${path}: ${real.text}`);
    assert.deepEqual([real.status, real.text], [none.status, none.text]);
  }
  const touches = [['POST', `/v1/organization/projects/${theirs.id}/api_keys`, { name: 'x' }],
    ['DELETE', `/v1/organization/projects/${theirs.id}/api_keys/${key.id}`],
    ['DELETE', `/v1/organization/admin_api_keys/${key.id}`],
    ['POST', '/api/v1/apikeys', { project: theirs.id }],
    ['PUT', `/api/v1/apikeys/${key.id}`, { label: 'mine' }],
    ['DELETE', `/api/v1/apikeys/${key.id}`],
    ['PUT', '/api/v1/budgets', { project: theirs.id, amount_micros: 1, hard: true }]];
  for (const [method, path, body = {}] of touches)
    assert.equal((await grid.request(b.admin, method, path, { body })).status, 404, path);
  const usage = (await get(b.admin, `/v1/organization/usage/completions?start_time=${since}` +
    `&project_ids=${theirs.id}`)).json;
  assert.equal(sum(usage, (one) => one.num_model_requests), 0);
  await grid.serves(a.key);
  grid.ledger();
});
