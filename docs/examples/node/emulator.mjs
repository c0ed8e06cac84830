// A session on the emulator for each test: for node:test, vitest, jest or whatever runs tests. It takes fetch alone.
const origin = process.env.EMULATOR_URL ?? 'http://127.0.0.1:8080'
const token = process.env.EMULATOR_CONTROL_TOKEN

async function control(method, path, body) {
  const headers = { 'content-type': 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  const reply = await fetch(`${origin}/_emulator/${path}`, { method, headers, body: body && JSON.stringify(body) })
  const said = await reply.json()
  if (!reply.ok) throw new Error(said.detail ?? said.title)
  return said
}

/** A session that sees these scenarios and has a key, counters and a journal of its own. */
export async function session(...scenarios) {
  const { session: id, api_key: key, clients } = await control('POST', 'sessions', { scenarios, time_scale: 0 })
  return {
    openai: { baseURL: clients.cloudbase.chat, apiKey: key },
    anthropic: { baseURL: clients.cloudbase.messages, authToken: key },

    /** Throws where a request found no step, a step was not asked for that says how often it is, or a rule failed. */
    async end() {
      const { exchanges } = await control('GET', `journal?session=${id}&outcome=miss`)
      const { steps } = await control('GET', `sessions/${id}`)
      const { rules } = await control('GET', `verdict?session=${id}`)
      const failed = rules.filter((rule) => rule.grade === 'fail')
      const wrong = [
        ...exchanges.map((exchange) => exchange.explanation),
        ...steps.filter((step) => step.times && !step.used).map((step) => `${step.step} (${step.place}) answered nothing`),
        ...failed.flatMap((rule) => rule.findings.map((finding) => `${rule.rule}: ${finding.sentence}`)),
      ]
      if (wrong.length) throw new Error(wrong.join('\n'))
    },
  }
}
