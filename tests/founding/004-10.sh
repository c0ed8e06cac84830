curl --location 'https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions' \
--header 'Authorization: Bearer {YOUR_ACCESS_KEY}' \
--header 'Content-Type: application/json' \
--data-raw '{
    "model": "MaaS_2.5_Flash",
    "messages": [
        {
            "role": "user",
            "content": "1 + 2 + 3 + ... + 5 = ?"
        }
    ],
    "max_tokens":4096,
    "stream": false,
    "thinking": {
        "type": "enabled",
        "budget_tokens":1024
    }
}'
