curl https://{{YOUR-ENV-ID}}.api.tcloudbasegateway.com/v1/ai/cloudbase/chat/completions \
-H "Content-Type: application/json" \
-H "Authorization: Bearer {{YOUR-API-KEY}}" \
-d '{
"model": "hy3-preview",
"messages": [
{ "role": "user", "content": "Please check the weather in Beijing for me today." }
],
"tools": [
{
"type": "function",
"function": {
"name": "get_current_weather",
"description": "Obtain the weather forecast for a specified city",
"parameters": {
"type": "object",
"properties": {
"location": { "type": "string", "description": "City name" }
},
"required": ["location"]
}
}
}
]
}'
