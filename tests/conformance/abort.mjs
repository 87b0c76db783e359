// A streamed answer that its reader leaves at the first token; prints its receipt.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
const metrics = async () =>
  (await fetch(new URL('/metrics', process.env.OPENAI_BASE_URL))).text();

const stream = await client.chat.completions.create({
  model: 'demo-arith',
  messages: [{ role: 'user', content: process.argv[2] }],
  temperature: 0, max_tokens: 400, stream: true,
});
let id = '';
for await (const chunk of stream) {
  id = chunk.id;
  if (!chunk.choices[0]?.delta?.content) continue;
  stream.controller.abort();
  break;
}
while (/^gleaner_running_streams [1-9]/m.test(await metrics())) await soon();
for (;;) {
  const receipt = await client.get(`/receipts/${id}`).catch((problem) => {
    if (problem.status !== 404) throw problem;
  });
  if (receipt) {
    console.log(JSON.stringify(receipt));
    break;
  }
  await soon();
}
