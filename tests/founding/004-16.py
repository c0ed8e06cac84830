from openai import OpenAI

client = OpenAI(
    api_key="YOUR AK",
    base_url="https://genaiapi.cloudsway.net/v1/ai/{endpointPath}/"
)

resp = client.chat.completions.create(
    messages=[{
            "role": "user",
            "content": "Who are you"
        }],
    model=""
)

print(resp.choices[0].message.content)
