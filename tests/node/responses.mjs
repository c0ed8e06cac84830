// The Responses side of `openai`, at the protocol's home path.
import { describeError, run } from './driver.mjs'
import { prompts, weatherFunction, weatherResult } from './weather.mjs'
import OpenAI from 'openai'

const tools = [{ type: 'function', strict: false, ...weatherFunction }]
const placeFormat = {
  type: 'json_schema',
  name: 'place',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

/** A client, and the list of the HTTP requests it makes. */
function connect({ origin, key }, options = {}) {
  const attempts = []
  const client = new OpenAI({
    baseURL: `${origin}/plain/v1`,
    apiKey: key,
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

const callsIn = (response) => response.output.filter((item) => item.type === 'function_call')

const resultOf = (call) => ({
  type: 'function_call_output',
  call_id: call.call_id,
  output: JSON.stringify(weatherResult),
})

const seenIn = (response) => ({
  id: response.id,
  status: response.status,
  text: response.output_text,
  reasoning: response.output
    .filter((item) => item.type === 'reasoning')
    .flatMap((item) => item.summary)
    .map((part) => part.text)
    .join('\n'),
  calls: callsIn(response),
  usage: response.usage,
  parsed: response.output_parsed,
  previous_response_id: response.previous_response_id,
  request_id: response._request_id,
})

/** One turn, whole. */
const whole = (client) => (request) => client.responses.create(request)

/** One turn through the stream helper, which builds the response out of the events. */
const streamed = (client) => (request) => client.responses.stream(request).finalResponse()

async function once(target, ask, request) {
  const { client, attempts } = connect(target)
  return { ...seenIn(await ask(client)({ model: target.model, ...request })), attempts }
}

/** The tool loop: the second request has the new items alone. */
async function toolLoop(target, ask, input) {
  const { client } = connect(target)
  const request = { model: target.model, tools }
  const first = await ask(client)({ ...request, input })
  const results = callsIn(first).map(resultOf)
  const second = await ask(client)({ ...request, input: results, previous_response_id: first.id })
  return { steps: [first, second].map(seenIn) }
}

async function attempt(target, options) {
  const { client, attempts } = connect(target, options)
  try {
    const response = await client.responses.create({ model: target.model, input: prompts.hello })
    return { error: null, ...seenIn(response), attempts }
  } catch (caught) {
    return { error: describeError(caught), attempts }
  }
}

await run({
  whole: (target) => once(target, whole, { input: prompts.hello }),
  stream: (target) => once(target, streamed, { input: prompts.hello }),
  events: async (target) => {
    const { client } = connect(target)
    const stream = await client.responses.create({ model: target.model, input: prompts.hello, stream: true })
    const events = []
    for await (const event of stream) events.push([event.sequence_number, event.type])
    return { events }
  },
  reasoning: (target) => once(target, whole, { input: prompts.reasoning, reasoning: { summary: 'auto' } }),
  reasoning_stream: (target) => once(target, streamed, { input: prompts.reasoning, reasoning: { summary: 'auto' } }),
  tools: (target) => toolLoop(target, whole, prompts.weather),
  tools_stream: (target) => toolLoop(target, streamed, prompts.weather),
  parallel_tools: (target) => toolLoop(target, whole, prompts.parallel),
  parallel_tools_stream: (target) => toolLoop(target, streamed, prompts.parallel),
  parsed: (target) =>
    once(target, (client) => (request) => client.responses.parse(request), {
      input: prompts.hello,
      text: { format: placeFormat },
    }),
  parsed_stream: (target) => once(target, streamed, { input: prompts.hello, text: { format: placeFormat } }),
  picture: (target) => {
    const content = [
      { type: 'input_text', text: prompts.hello },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
    ]
    return once(target, whole, { input: [{ role: 'user', content }] })
  },
  stored: async (target) => {
    const { client } = connect(target)
    const made = await client.responses.create({ model: target.model, input: prompts.hello })
    const found = await client.responses.retrieve(made.id)
    const items = []
    for await (const item of client.responses.inputItems.list(made.id)) items.push(item)
    await client.responses.delete(made.id)
    const error = await client.responses.retrieve(made.id).then(() => null, describeError)
    return { same: found.output_text === made.output_text && found.id === made.id, items, error }
  },
  background: async (target) => {
    const { client } = connect(target)
    const queued = await client.responses.create({ model: target.model, input: prompts.hello, background: true })
    return { steps: [queued, await client.responses.retrieve(queued.id)].map(seenIn) }
  },
  tokens: async (target) => {
    const { client } = connect(target)
    return client.responses.inputTokens.count({ model: target.model, input: prompts.hello })
  },
  error: async (target) => ({
    no_retries: await attempt(target, { maxRetries: 0 }),
    default_retries: await attempt(target),
  }),
  retries: (target) => attempt(target),
})
