import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A program that finds the emulator by the variables that it reads anyway. */
public class Greeting {
    public static void main(String[] arguments) throws Exception {
        String body = """
            {"model": "hy3-preview", "messages": [{"role": "user", "content": "Hello there"}]}""";
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("OPENAI_BASE_URL") + "/chat/completions"))
            .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> reply = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (reply.statusCode() != 200 || !reply.body().contains("Hello! How can I help you today?")) {
            System.err.println(reply.statusCode() + " " + reply.body());
            System.exit(1);
        }
        System.out.println("the model greets");
    }
}
