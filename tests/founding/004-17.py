from openai import OpenAI
from openai import OpenAI

client=OpenAI(
    base_url="https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}",
    api_key='YOUR_API_KEY'
)
message_text = [{"role":"user","content":"what's 1+1? Answer in one word."}]

completion = client.chat.completions.create(
  model="", # model = "deployment_name"
  stream = True,
  messages = message_text,
  temperature=0.7,
  max_tokens=800,
  top_p=0.95,
)

for chunk in completion:
    print(chunk)
