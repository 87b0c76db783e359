/// gleanerctl chat: one question to a model, the answer as it comes.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "client-core/cli/server_sent_events.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct ChatOptions {
    std::string question;
    std::string model;
    std::string system;
    std::int64_t max_tokens = 0;
    double temperature = -1;
    bool no_stream = false;
};

json::object request_body(const ChatOptions& options, const std::string& question) {
    json::array messages;
    if (!options.system.empty()) {
        messages.push_back(json::object{{"role", "system"}, {"content", options.system}});
    }
    messages.push_back(json::object{{"role", "user"}, {"content", question}});
    json::object body{{"model", options.model}, {"messages", std::move(messages)}};
    if (options.max_tokens > 0) body["max_tokens"] = options.max_tokens;
    if (options.temperature >= 0) body["temperature"] = options.temperature;
    return body;
}

/// The text of a choice: `part` is "message" in a whole reply and "delta" in a streamed one.
std::string choice_text(const json::value& reply, std::string_view part) {
    if (!reply.is_object()) return {};
    const json::value* choices = reply.get_object().if_contains("choices");
    if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) return {};
    return text_at(choices->get_array()[0], std::string(part) + ".content");
}

Status whole_answer(const Context& context, ApiClient& api, const json::object& body) {
    GLEANER_TRY(const auto reply, api.post("/v1/chat/completions", body));
    context.out << (context.json ? json::serialize(reply) : choice_text(reply, "message")) << "\n";
    return ok();
}

Status streamed_answer(const Context& context, ApiClient& api, json::object body) {
    body["stream"] = true;
    ServerSentEvents events;
    std::string problem;
    bool done = false;
    const auto take = [&](std::string_view data) {
        done = done || data == "[DONE]";
        boost::system::error_code failed;
        const json::value event = json::parse(data, failed);
        if (failed) return;
        const std::string error = text_at(event, "error.message");
        if (!error.empty()) problem = error;
        context.out << choice_text(event, "delta") << std::flush;
    };
    GLEANER_TRY(api.post_streaming("/v1/chat/completions", body, [&](std::string_view bytes) {
        events.feed(bytes, take);
        return ok();
    }));
    context.out << "\n";
    if (!problem.empty()) return Error(ErrorCode::unavailable, problem);
    if (!done) {
        return Error(ErrorCode::unavailable, "the answer was cut off before its end: ask again");
    }
    return ok();
}

Status chat(const Context& context, const ChatOptions& options) {
    std::string question = options.question;
    if (question == "-") question.assign(std::istreambuf_iterator<char>(context.in), {});
    GLEANER_TRY(auto api, context.connect());
    json::object body = request_body(options, question);
    if (context.json || options.no_stream) return whole_answer(context, api, body);
    return streamed_answer(context, api, std::move(body));
}

}  // namespace

void add_chat_command(CLI::App& program, Context& context) {
    auto options = std::make_shared<ChatOptions>();
    CLI::App* command = program.add_subcommand("chat", "Ask a model one question");
    command->add_option("QUESTION", options->question, "What to ask (-: read it from stdin)")
        ->required();
    command->add_option("--model", options->model, "The model's name")->required();
    command->add_option("--system", options->system, "A system message");
    command->add_option("--max-tokens", options->max_tokens, "Most tokens to generate")
        ->check(CLI::Range(1, 1 << 20));
    command->add_option("--temperature", options->temperature, "Sampling temperature")
        ->check(CLI::Range(0.0, 5.0));
    command->add_flag("--no-stream", options->no_stream, "Print the answer when it is complete");
    on_chosen(*command, context, [&context, options] { return chat(context, *options); });
}

}  // namespace gleaner::cli
