curl --location 'https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions' \
--header 'Authorization: Bearer {YOUR_ACCESS_KEY}' \
--header 'Content-Type: application/json' \
--data '{
    "max_tokens": 2048, 
    "stream": true, 
    "messages": [
        {
            "role": "user", 
            "content": "What is 1+1"
        }
    ], 
    "thinking": {
        "type": "enabled", 
        "budget_tokens": 2000
    }
}'
