// One long streamed answer; prints its text as it comes, then one line of JSON with what was seen.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const stream = await client.chat.completions.create({
  model: 'demo-arith',
  messages: [{ role: 'user', content: process.argv[2] }],
  temperature: 0, max_tokens: 400, stream: true, stream_options: { include_usage: true },
});
let text = '';
let usage = null;
let id = '';
for await (const chunk of stream) {
  const piece = chunk.choices[0]?.delta?.content ?? '';
  text += piece;
  if (piece) process.stderr.write('.');
  id = chunk.id;
  if (chunk.usage) usage = chunk.usage;
}
console.log(JSON.stringify({ id, text, usage }));
