curl -X POST 'https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions' -H 'Authorization: Bearer {YOUR_API_KEY}' -H 'Content-Type: application/json' --data '{
    "model": "gpt-4",
    "messages": [
        {
            "role": "user",
            "content": "hello"
        }
    ],
    "stream": true
}'
