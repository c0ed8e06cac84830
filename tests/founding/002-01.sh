curl --request POST '{BASE_URL}/api/v1/chat/completions' \
--header 'Authorization: Bearer {token}' \
--header 'Content-Type: application/json' \
--data '{
"model": "gpt-3.5-turbo",
"messages": [
{"role": "user", "content": "Hello!"}
],
"stream": false,
"max_tokens": 2048,
"temperature": 1.0
}'
