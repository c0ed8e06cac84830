// Signs in as the CloudBase SDKs do when they have no access key, then asks once.
import { createRequire } from 'node:module'
import http from 'node:http'
import https from 'node:https'

const require = createRequire(import.meta.url)
const [client, origin, model] = process.argv.slice(2)
const question = { model, messages: [{ role: 'user', content: 'Hello' }] }

const clients = {
  async 'js-sdk'() {
    // Under Node the SDK's ES module build fails (see js-sdk.mjs).
    const app = require('@cloudbase/js-sdk').init({ env: 'emulator-test' })
    const [, protocol, address] = /^(https?):(.*)$/.exec(origin)
    app.registerEndPointWithKey({ key: 'GATEWAY', url: `${address}/v1`, protocol })
    const auth = app.auth()
    await auth.signInAnonymously()
    const { uid } = await auth.getUserInfo()
    const reply = await app.ai().createModel('cloudbase').generateText(question)
    return { user: uid, text: reply.text }
  },
  async 'node-sdk'() {
    // Its URLs are compiled in: what a name server and a TLS proxy would do is done to the library below it.
    https.request = (url, options, answered) => {
      const { host, pathname, search } = new URL(url)
      const headers = { ...options.headers, host }
      return http.request(origin + pathname + search, { ...options, headers, agent: http.globalAgent }, answered)
    }
    const app = require('@cloudbase/node-sdk').init({ env: 'emulator-test', secretId: 'AKIDtest', secretKey: 'secret' })
    const reply = await app.ai().createModel('cloudbase').generateText(question)
    return { user: '', text: reply.text }
  },
}
console.log(JSON.stringify(await clients[client]()))
process.exit(0)
