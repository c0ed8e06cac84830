from openai import OpenAI


client = OpenAI(
     base_url="https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}",
    api_key="{YOUR KEY}"
)

messages=[
        {
            "role": "user",
            "content": "hi"
        }
    ]


# chat completion
result = client.chat.completions.create(
    model="modelName",
    messages=messages,
    stream=False,
    extra_body={
        "thinking": {"type": "enabled", "budget_tokens": 2000}
    }

)

print(result.json())
