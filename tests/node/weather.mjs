// What the drivers ask, and the one tool they offer.

export const prompts = {
  hello: 'Hello',
  reasoning: 'Which is larger, 9.11 or 9.9?',
  weather: 'Please check the weather in Beijing for me today.',
  parallel: 'Compare the weather in Beijing and Shanghai.',
}

export const user = (text) => ({ role: 'user', content: text })

export const weatherFunction = {
  name: 'get_current_weather',
  description: 'Obtain the weather forecast for a specified city',
  parameters: {
    type: 'object',
    properties: { location: { type: 'string', description: 'City name' } },
    required: ['location'],
  },
}

export const weatherResult = { temperature: '25℃', weather: 'sunny' }
