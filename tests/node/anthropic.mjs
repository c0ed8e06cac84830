import { describeError, run } from './driver.mjs'
import { prompts, user, weatherFunction, weatherResult } from './weather.mjs'
import Anthropic from '@anthropic-ai/sdk'
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'

// The machine's own settings must not steer the client.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('ANTHROPIC_')) delete process.env[name]
}

const { name, description, parameters } = weatherFunction
const tools = [{ name, description, input_schema: parameters }]
const city = {
  type: 'object',
  properties: { name: { type: 'string' }, people: { type: 'integer' } },
  required: ['name', 'people'],
}
const pixel = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }

/** A client, and the list of the HTTP requests it makes. The origin is the base URL, and it tells how a key travels. */
function connect({ origin, key }, options = {}) {
  const attempts = []
  const client = new Anthropic({
    baseURL: origin,
    ...(origin.endsWith('/plain') ? { apiKey: key } : { authToken: key, apiKey: null }),
    ...options,
    fetch: async (url, init) => {
      const attempt = { retry: Number(new Headers(init.headers).get('x-stainless-retry-count')), status: null }
      attempts.push(attempt)
      const response = await fetch(url, init)
      attempt.status = response.status
      return response
    },
  })
  return { client, attempts }
}

const ask = (model, prompt, more = {}) => ({ model, max_tokens: 1024, messages: [user(prompt)], ...more })

const joined = (content, type, field) =>
  content
    .filter((block) => block.type === type)
    .map((block) => block[field])
    .join('')

function seenIn(message) {
  return {
    text: joined(message.content, 'text', 'text'),
    reasoning: joined(message.content, 'thinking', 'thinking'),
    signature: joined(message.content, 'thinking', 'signature'),
    tool_calls: message.content
      .filter((block) => block.type === 'tool_use')
      .map(({ id, name, input }) => ({ id, name, input })),
    stop_reason: message.stop_reason,
    usage: message.usage,
    request_id: message._request_id,
  }
}

/** One message, as a whole or put together by the client's stream helper. */
const say = (resource, request, streamed) =>
  streamed ? resource.stream(request).finalMessage() : resource.create(request)

async function one(target, prompt, { streamed = false, more = {} } = {}) {
  const { client, attempts } = connect(target)
  return { ...seenIn(await say(client.messages, ask(target.model, prompt, more), streamed)), attempts }
}

/** The raw events of a stream. */
async function events(target, beta) {
  const { client } = connect(target)
  const resource = beta ? client.beta.messages : client.messages
  const { data, request_id } = await resource.create({ ...ask(target.model, prompts.hello), stream: true }).withResponse()
  const seen = []
  for await (const event of data) seen.push(event)
  return { events: seen, request_id }
}

/** The two-request tool loop, written out. */
async function toolLoop(target, streamed) {
  const { client } = connect(target)
  const request = ask(target.model, prompts.weather, { tools })
  const first = await say(client.messages, request, streamed)
  const results = first.content
    .filter((block) => block.type === 'tool_use')
    .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: JSON.stringify(weatherResult) }))
  request.messages.push({ role: 'assistant', content: first.content }, { role: 'user', content: results })
  const second = await say(client.messages, request, streamed)
  return { steps: [seenIn(first), seenIn(second)] }
}

/** The tool loop that the client itself runs. */
async function toolRunner(target, stream) {
  const { client, attempts } = connect(target)
  const toolRuns = []
  const weather = betaTool({
    name,
    description,
    inputSchema: parameters,
    run: (args) => {
      toolRuns.push(args)
      return JSON.stringify(weatherResult)
    },
  })
  const runner = client.beta.messages.toolRunner({ ...ask(target.model, prompts.weather), tools: [weather], stream })
  return { ...seenIn(await runner.runUntilDone()), tool_runs: toolRuns, attempts }
}

async function structured(target) {
  const { client } = connect(target)
  const request = ask(target.model, prompts.hello, { output_config: { format: jsonSchemaOutputFormat(city) } })
  const whole = await client.messages.parse(request)
  const streamed = await client.messages.stream(request).finalMessage()
  return { whole: whole.parsed_output, streamed: streamed.parsed_output }
}

async function vision(target) {
  const { client } = connect(target)
  const content = [pixel, { type: 'text', text: prompts.hello }]
  return seenIn(await client.messages.create(ask(target.model, null, { messages: [{ role: 'user', content }] })))
}

async function countTokens(target) {
  const { client } = connect(target)
  const messages = [user(prompts.hello)]
  return {
    plain: await client.messages.countTokens({ model: target.model, messages }),
    beta: await client.beta.messages.countTokens({ model: target.model, messages }),
  }
}

/** A call that may fail: the error is what the case is about. */
async function attempt(target, options, prompt = prompts.hello) {
  const { client, attempts } = connect(target, options)
  try {
    const message = await client.messages.create(ask(target.model, prompt))
    return { error: null, ...seenIn(message), attempts }
  } catch (caught) {
    return { error: { ...describeError(caught), type: caught.type }, attempts }
  }
}

await run({
  whole: (target) => one(target, prompts.hello),
  stream: (target) => one(target, prompts.hello, { streamed: true }),
  events: (target) => events(target, false),
  beta_events: (target) => events(target, true),
  reasoning: (target) => one(target, prompts.reasoning),
  reasoning_stream: (target) => one(target, prompts.reasoning, { streamed: true }),
  tools: (target) => toolLoop(target, false),
  tools_stream: (target) => toolLoop(target, true),
  parallel_tools: (target) => one(target, prompts.parallel, { more: { tools } }),
  parallel_tools_stream: (target) => one(target, prompts.parallel, { streamed: true, more: { tools } }),
  tool_runner: (target) => toolRunner(target, false),
  tool_runner_stream: (target) => toolRunner(target, true),
  structured,
  vision,
  count_tokens: countTokens,
  error: async (target) => ({
    no_retries: await attempt(target, { maxRetries: 0 }),
    default_retries: await attempt(target),
  }),
  retries: (target) => attempt(target),
  miss: (target) => attempt(target, {}, 'xyzzy'),
})
