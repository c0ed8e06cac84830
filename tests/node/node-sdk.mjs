import { run } from './driver.mjs'
import { cloudbaseCases } from './cloudbase.mjs'
import tcb from '@cloudbase/node-sdk'

await run(
  cloudbaseCases(({ origin, key }) => {
    const ai = tcb.init({ env: 'emulator-test', accessKey: key }).ai()
    // init() can only make https addresses.
    ai.aiBaseUrl = `${origin}/v1/ai`
    ai.aiBotBaseUrl = `${origin}/v1/aibot`
    ai.bot.baseUrl = ai.aiBotBaseUrl
    return ai
  }),
)
