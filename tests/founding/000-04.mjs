const response = await fetch(
"https://<ENV_ID>.api.tcloudbasegateway.com/v1/ai/cloudbase/chat/completions",
{
method: "POST",
headers: {
"Authorization": "Bearer <YOUR_API_KEY>",
"Content-Type": "application/json"
},
body: JSON.stringify({
model: "hy3-preview",
messages: [{ role: "user", content: "Hello" }]
})
}
);

const result = await response.json();
console.log(result.choices[0].message.content);
