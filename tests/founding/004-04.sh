curl --request POST \
  --url https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions \
  --header 'Authorization: Bearer {YOUR_API_KEY}' \
  --header 'content-type: application/json' \
  --data '{
    "stream": true,
    "messages": [
        {
            "role": "system",
            "content": "You are an intelligent assistant"
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "text",
                    "text": "Translate this video to text"
                },
                {
                    "type": "image_url",
                    "image_url": {
                        "url": "https://xxx.mp4 or similar data:video/mp4;base64,xxx base64 format"
                    }
                }
            ]
        }
    ]
}'
