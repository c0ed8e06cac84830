curl --request POST \
  --url https://genaiapi.cloudsway.net/{YOUR ENDPOINTPATH}/v1/messages \
  --header 'Accept: */*' \
  --header 'Accept-Encoding: gzip, deflate, br' \
  --header 'Authorization: Bearer {YOUR_API_KEY}' \
  --header 'Connection: keep-alive' \
  --header 'Content-Type: application/json' \
  --header 'User-Agent: PostmanRuntime-ApipostRuntime/1.1.0' \
  --data '{
        "max_tokens": 5000,
        "stream": false,
        "system": [
                {
                        "type": "text",
                        "text": "You are an AI assistant tasked with analyzing literary works"
                }
        ],
    "messages": [
        {
            "role": "user",
            "content": "Analyze the major themes in Pride and Prejudice."
        }
    ]
}'
