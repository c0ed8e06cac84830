curl --location 'https://genaiapi.cloudsway.net/v1/ai/{YOUR_ENDPOINTPATH}/generateContent' \
--header 'Authorization: Bearer {YOUR_API_KEY}' \
--header 'Content-Type: application/json' \
--data '{
    "systemInstruction": {
        "parts": [
            {
                "text": "You are a helpful AI assistant"
            }
        ]
    },
    "contents": [
        {
            "role": "user",
            "parts": [
                {
                    "text": "Write a 150-word fable"
                }
            ]
        }
    ],
    "generationConfig": {
        "temperature": 0.8,
        "topP": 0.9,
        "topK": 20,
        "maxOutputTokens": 3000,
        "candidateCount": 1,
        "stopSequences": [
            "history"
        ],
        "thinkingConfig": {
            "includeThoughts": true,
            "thinkingBudget": 0
        }
    },
    "safetySettings": [
        {
            "category": "HARM_CATEGORY_HARASSMENT",
            "threshold": "BLOCK_NONE"
        },
        {
            "category": "HARM_CATEGORY_HATE_SPEECH",
            "threshold": "BLOCK_NONE"
        },
        {
            "category": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
            "threshold": "BLOCK_NONE"
        },
        {
            "category": "HARM_CATEGORY_DANGEROUS_CONTENT",
            "threshold": "BLOCK_NONE"
        }
    ]
}'
