import anthropic

client = anthropic.Anthropic(base_url="https://genaiapi.cloudsway.net/xxx",
                             api_key="xxx")

message = client.beta.messages.create(
    model="xxx",
    max_tokens=4096,
    system="You are an expert",
    messages=[{"role": "user", "content": "Write me a 300-word essay"}],
    stream=True,
    thinking={
        "type": "enabled",
        "budget_tokens": 4000
    }

)

for chunk in message:
    print(chunk)
