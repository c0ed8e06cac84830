from openai import OpenAI

client = OpenAI(
    api_key="xxxx",
    base_url="https://genaiapi.cloudsway.net/v1/ai/xxxx/"
)

resp = client.chat.completions.create(
    model="gpt5-pro",
    messages=[{
            "role": "user",
            "content": "How much gold would it take to coat the Statue of Liberty in a 1mm layer?"
        }]
)

print(resp.choices[0].message.content)
