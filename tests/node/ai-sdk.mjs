// Vercel's AI SDK: the same cases through each of its providers.
import { describeError, run } from './driver.mjs'
import { prompts, weatherFunction, weatherResult } from './weather.mjs'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'

// Standard output is for the answer alone, and a warning is worth reading where a test fails.
globalThis.AI_SDK_LOG_WARNINGS = (warnings) => console.error(warnings)

const report = jsonSchema({
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' } },
  required: ['city', 'celsius'],
  additionalProperties: false,
})

/** A fetch that notes how each request went, and the notes. */
function observed() {
  const statuses = []
  const noting = async (url, init) => {
    const response = await fetch(url, init)
    statuses.push(response.status)
    return response
  }
  return { statuses, fetch: noting }
}

/** How each provider is set up: nothing but a base URL and a key. */
const services = {
  cloudbase_chat: ({ origin, key, model }, fetch) =>
    createOpenAICompatible({
      name: 'cloudbase',
      baseURL: `${origin}/v1/ai/cloudbase`,
      apiKey: key,
      includeUsage: true,
      supportsStructuredOutputs: true,
      fetch,
    })(model),
  cloudbase_messages: ({ origin, key, model }, fetch) =>
    createAnthropic({ baseURL: `${origin}/v1/ai/cloudbase/v1`, authToken: key, fetch })(model),
  plain_compatible: ({ origin, key, model }, fetch) =>
    createOpenAICompatible({
      name: 'plain',
      baseURL: `${origin}/plain/v1`,
      apiKey: key,
      includeUsage: true,
      fetch,
    })(model),
  plain_chat: ({ origin, key, model }, fetch) =>
    createOpenAI({ baseURL: `${origin}/plain/v1`, apiKey: key, fetch }).chat(model),
  plain_responses: ({ origin, key, model }, fetch) =>
    createOpenAI({ baseURL: `${origin}/plain/v1`, apiKey: key, fetch })(model),
  plain_messages: ({ origin, key, model }, fetch) =>
    createAnthropic({ baseURL: `${origin}/plain/v1`, apiKey: key, fetch })(model),
}

const seenIn = (done) => ({
  text: done.text,
  reasoning: done.reasoningText,
  finish_reason: done.finishReason,
  usage: { input: done.totalUsage.inputTokens, output: done.totalUsage.outputTokens },
  tool_calls: done.steps.flatMap((step) => step.toolCalls.map((call) => ({ name: call.toolName, input: call.input }))),
})

const whole = async (options) => seenIn(await generateText(options))

async function streamed(options) {
  const stream = streamText({ ...options, onError: () => {} })
  let pieces = 0
  for await (const part of stream.fullStream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'text-delta') pieces += 1
  }
  const names = ['text', 'reasoningText', 'finishReason', 'totalUsage', 'steps']
  const values = await Promise.all(names.map((name) => stream[name]))
  return { ...seenIn(Object.fromEntries(names.map((name, at) => [name, values[at]]))), pieces }
}

/** The loop of the SDK: it runs the tool itself, and asks again with the result. */
async function toolLoop(options, ask) {
  const toolRuns = []
  const get_current_weather = tool({
    description: weatherFunction.description,
    inputSchema: jsonSchema(weatherFunction.parameters),
    execute: async (input) => {
      toolRuns.push(input)
      return weatherResult
    },
  })
  const seen = await ask({ ...options, tools: { get_current_weather }, stopWhen: stepCountIs(3) })
  return { ...seen, tool_runs: toolRuns }
}

// OpenAI wants the word where JSON without a schema is asked for, as the provider for compatible services does.
const inJson = (options) => ({ ...options, prompt: `${options.prompt} Answer in JSON.` })

async function object(options) {
  const done = await generateText({ ...inJson(options), output: Output.object({ schema: report }) })
  return { object: done.output, finish_reason: done.finishReason }
}

async function objectStreamed(options) {
  const stream = streamText({ ...inJson(options), output: Output.object({ schema: report }) })
  const partial = []
  for await (const value of stream.partialOutputStream) partial.push(value)
  return { object: await stream.output, finish_reason: await stream.finishReason, partial: partial.length > 1 }
}

/** A call that fails: the error is what the case is about. */
async function failing(options) {
  try {
    await generateText({ ...options, maxRetries: 0 })
  } catch (error) {
    return { error: { ...describeError(error), status: error.statusCode, retryable: error.isRetryable } }
  }
  return { error: null }
}

const say = (prompt, ask) => (options) => ask({ ...options, prompt })

/** What a process is asked for: a group of cases, each with a client of its own. */
const groups = {
  answers: {
    whole: say(prompts.hello, whole),
    stream: say(prompts.hello, streamed),
    reasoning: say(prompts.reasoning, whole),
    reasoning_stream: say(prompts.reasoning, streamed),
    tools: say(prompts.weather, (options) => toolLoop(options, whole)),
    tools_stream: say(prompts.weather, (options) => toolLoop(options, streamed)),
    parallel_tools: say(prompts.parallel, (options) => toolLoop(options, whole)),
    parallel_tools_stream: say(prompts.parallel, (options) => toolLoop(options, streamed)),
  },
  objects: { whole: say(prompts.weather, object), stream: say(prompts.weather, objectStreamed) },
  error: { once: say(prompts.hello, failing) },
  retries: { whole: say(prompts.hello, whole) },
}

const groupRun = (connect, group) => async (target) => {
  const seen = {}
  for (const [name, ask] of Object.entries(group)) {
    const { statuses, fetch } = observed()
    seen[name] = { ...(await ask({ model: connect(target, fetch), maxOutputTokens: 1000 })), statuses }
  }
  return seen
}

const cases = Object.entries(services).flatMap(([service, connect]) =>
  Object.entries(groups).map(([name, group]) => [`${service}.${name}`, groupRun(connect, group)]),
)

await run(Object.fromEntries(cases))
