curl --location 'https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions' \
--header 'Authorization: Bearer {YOUR_ACCESS_KEY}' \
--header 'Content-Type: application/json' \
--data '{
    "model": "claude-3-7-sonnet-20250219",
    "max_tokens": 2048,
    "stream":false,
    "messages": [
        {
            "role": "user",
            "content": "Prove the Pythagorean theorem"
        }
    ],
     "thinking": { "type": "enabled", "budget_tokens": 2000 }
}'
