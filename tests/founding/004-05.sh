curl --request POST \
  --url https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/chat/completions \
  --header 'Authorization: Bearer {YOUR_API_KEY}' \
  --header 'content-type: application/json' \
  --data '{
    "stream": true,
    "messages": [
        {
            "role": "system",
            "content": "Convert speech to text"
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "input_audio",
                    "input_audio": {
                        "data": "audio base64, without prefix like data:audio/mp3;base64",
                        "format": "mp3"
                    }
                }
            ]
        }
    ]
}'
