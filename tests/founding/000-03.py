import requests

url = "https://<ENV_ID>.api.tcloudbasegateway.com/v1/ai/cloudbase/chat/completions"
headers = {
"Authorization": "Bearer <YOUR_API_KEY>",
"Content-Type": "application/json"
}
data = {
"model": "hy3-preview",
"messages": [{"role": "user", "content": "Hello"}],
"stream": False
}

response = requests.post(url, headers=headers, json=data)
result = response.json()
print(result["choices"][0]["message"]["content"])
