import { describeError, run } from './driver.mjs'
import { prompts, user, weatherFunction, weatherResult } from './weather.mjs'
import OpenAI from 'openai'

const tools = [{ type: 'function', function: weatherFunction }]

/** A client, and the list of the HTTP requests it makes. */
function connect({ origin, key }, options = {}) {
  const attempts = []
  const client = new OpenAI({
    baseURL: `${origin}/v1/ai/cloudbase`,
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

const callSeen = (call) => ({ id: call.id, name: call.function.name, arguments: call.function.arguments })

function seenIn(completion) {
  const choice = completion.choices?.[0]
  return {
    text: choice?.message.content,
    reasoning: choice?.message.reasoning_content,
    tool_calls: choice && (choice.message.tool_calls ?? []).map(callSeen),
    finish_reason: choice?.finish_reason,
    usage: completion.usage,
    request_id: completion._request_id,
    response: completion,
  }
}

async function whole(target, prompt, body = {}) {
  const { client, attempts } = connect(target)
  const completion = await client.chat.completions.create({ model: target.model, messages: [user(prompt)], ...body })
  return { ...seenIn(completion), attempts }
}

const unread = () => ({ text: '', reasoning: '', finish_reason: null, usage: null, request_id: null, chunks: [] })

async function readInto(seen, client, request) {
  const { data, request_id } = await client.chat.completions.create({ ...request, stream: true }).withResponse()
  seen.request_id = request_id
  for await (const chunk of data) {
    seen.chunks.push(chunk)
    const choice = chunk.choices?.[0]
    seen.text += choice?.delta.content ?? ''
    seen.reasoning += choice?.delta.reasoning_content ?? ''
    seen.finish_reason = choice?.finish_reason ?? seen.finish_reason
    seen.usage = chunk.usage ?? seen.usage
  }
}

async function stream(target, prompt, body = {}) {
  const { client, attempts } = connect(target)
  const seen = unread()
  await readInto(seen, client, { model: target.model, messages: [user(prompt)], ...body })
  return { ...seen, attempts }
}

/** One turn through the client's stream helper, which builds the completion out of the chunks. */
async function accumulate(client, request) {
  const chunks = []
  const stream = client.chat.completions.stream(request)
  stream.on('chunk', (chunk) => chunks.push(structuredClone(chunk)))
  const completion = await stream.finalChatCompletion()
  return { completion, chunks }
}

/** The two-request tool loop, written out: `ask` makes one turn. */
async function toolLoop({ model }, ask) {
  const messages = [user(prompts.weather)]
  const first = await ask({ model, messages, tools })
  const { message } = first.completion.choices[0]
  messages.push(message)
  for (const call of message.tool_calls ?? []) {
    messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(weatherResult) })
  }
  const second = await ask({ model, messages, tools })
  return { steps: [first, second].map(({ completion, chunks }) => ({ ...seenIn(completion), chunks })) }
}

/** The tool loop that the client itself runs. */
async function runTools(target, options) {
  const { client, attempts } = connect(target)
  const toolRuns = []
  const runner = client.chat.completions.runTools({
    model: target.model,
    messages: [user(prompts.weather)],
    tools: [
      {
        type: 'function',
        function: {
          ...weatherFunction,
          parse: JSON.parse,
          function: (args) => {
            toolRuns.push({ name: weatherFunction.name, arguments: args })
            return weatherResult
          },
        },
      },
    ],
    ...options,
  })
  const text = await runner.finalContent()
  return { text, tool_runs: toolRuns, usage: await runner.totalUsage(), messages: runner.messages, attempts }
}

/** A call that may fail: the error is what the case is about. */
async function attempt(target, options) {
  const { client, attempts } = connect(target, options)
  let error = null
  let completion
  try {
    completion = await client.chat.completions.create({ model: target.model, messages: [user(prompts.hello)] })
  } catch (caught) {
    error = describeError(caught)
  }
  return { error, ...(completion && seenIn(completion)), attempts }
}

async function attemptStream(target) {
  const { client, attempts } = connect(target, { maxRetries: 0 })
  const seen = unread()
  let error = null
  try {
    await readInto(seen, client, { model: target.model, messages: [user(prompts.hello)] })
  } catch (caught) {
    error = describeError(caught)
  }
  return { error, ...seen, attempts }
}

const burger = (url) => [
  { role: 'system', content: 'You are a food expert' },
  { role: 'user', content: [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url } }] },
]

const weatherFormat = {
  type: 'json_schema',
  json_schema: { name: 'Weather', schema: { type: 'object', properties: { city: { type: 'string' } } } },
}

await run({
  vision: (target) => whole(target, prompts.hello, { messages: burger('data:image/png;base64,iVBORw0KGgo=') }),
  structured: async (target) => {
    const { client } = connect(target)
    const request = { model: target.model, messages: [user(prompts.weather)], response_format: weatherFormat }
    const completion = await client.chat.completions.parse(request)
    return { parsed: completion.choices[0].message.parsed, ...seenIn(completion) }
  },
  structured_stream: async (target) => {
    const { client } = connect(target)
    const request = { model: target.model, messages: [user(prompts.weather)], response_format: weatherFormat }
    return seenIn((await accumulate(client, request)).completion)
  },
  whole: (target) => whole(target, prompts.hello),
  stream: (target) => stream(target, prompts.hello),
  usage_stream: (target) => stream(target, prompts.hello, { stream_options: { include_usage: true } }),
  reasoning: (target) => whole(target, prompts.reasoning),
  reasoning_stream: (target) => stream(target, prompts.reasoning),
  tools: (target) => {
    const { client } = connect(target)
    return toolLoop(target, async (request) => ({ completion: await client.chat.completions.create(request) }))
  },
  tools_stream: (target) => {
    const { client } = connect(target)
    return toolLoop(target, (request) => accumulate(client, request))
  },
  run_tools: (target) => runTools(target, {}),
  run_tools_stream: (target) => runTools(target, { stream: true }),
  parallel_tools: (target) => whole(target, prompts.parallel, { tools }),
  parallel_tools_stream: async (target) => {
    const { client } = connect(target)
    const request = { model: target.model, messages: [user(prompts.parallel)], tools }
    const { completion, chunks } = await accumulate(client, request)
    return { ...seenIn(completion), chunks }
  },
  error: async (target) => ({
    no_retries: await attempt(target, { maxRetries: 0 }),
    default_retries: await attempt(target),
  }),
  error_stream: attemptStream,
  retries: (target) => attempt(target),
})
