#include "coordinator/openai/stream_relay.h"

#include <algorithm>
#include <numeric>

#include <boost/json.hpp>

#include "coordinator/openai/json_text.h"
#include "coordinator/openai/stream_chunk.h"

namespace gleaner::openai {

namespace json = boost::json;

namespace {

void append_event(const json::value& data, std::string& out) {
    out += "data: ";
    out += json::serialize(data);
    out += "\n\n";
}

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

StreamRelay::StreamRelay(EngineRequest request, Options options)
    : request_(std::move(request)), options_(std::move(options)) {}

StreamRelay::~StreamRelay() = default;

void StreamRelay::begin_node(std::string node) {
    node_ = std::move(node);
    node_open_ = true;
    node_tokens_ = 0;
    node_tokens_sent_ = 0;
}

Result<std::string_view> StreamRelay::new_part_of(Expected& expected, std::string_view delta) {
    const std::string_view rest = std::string_view(expected.text).substr(expected.matched);
    const auto [ours, theirs] = std::ranges::mismatch(rest, delta);
    const auto same = static_cast<std::size_t>(theirs - delta.begin());
    if (ours == rest.end() || theirs == delta.end()) {
        expected.matched += same;
        return delta.substr(same);
    }
    if (mode_ == Mode::resume) {
        // A chat template may trim the end of a message; some engines do not repeat it at all.
        const bool trimmed = blank(rest.substr(same));
        const bool not_repeated = expected.matched + same == 0;
        expected.matched = expected.text.size();
        if (trimmed) return delta.substr(same);
        if (not_repeated) return delta;
    }
    mismatch_ = true;
    return Error(ErrorCode::data_corrupt, "another node's answer differs from what was sent");
}

void StreamRelay::count(const StreamChunk& chunk, std::uint32_t generated_tokens) {
    node_tokens_ = std::max({node_tokens_, static_cast<std::int64_t>(generated_tokens),
                             chunk.generated_tokens.value_or(0)});
    if (mode_ != Mode::resume && prompt_tokens_ == 0 && chunk.prompt_tokens) {
        prompt_tokens_ = *chunk.prompt_tokens;
        cached_tokens_ = std::clamp<std::int64_t>(chunk.cached_tokens, 0, prompt_tokens_);
    }
    if (fingerprint_.empty()) fingerprint_ = chunk.fingerprint;
}

Status StreamRelay::on_chunk(std::string_view data, std::uint32_t generated_tokens,
                             std::string& out) {
    if (done_) return ok();
    unsigned char buffer[4096];
    json::monotonic_resource memory(buffer, sizeof buffer);
    GLEANER_TRY(const auto chunk, parse_chunk(data, &memory));
    if (chunk.done) return ok();
    if (!chunk.error.empty())
        return Error(ErrorCode::data_corrupt, "the engine failed: " + chunk.error);
    count(chunk, generated_tokens);
    GLEANER_TRY(const auto reasoning, new_part_of(expected_reasoning_, chunk.reasoning));
    GLEANER_TRY(const auto text, new_part_of(expected_text_, chunk.text));
    if (!started_) send_role(out);
    if (!text.empty() || !reasoning.empty()) send_text(chunk, text, reasoning, out);
    hold(chunk.tool_calls);
    if (!chunk.finish_reason.empty()) {
        finish_reason_ = chunk.finish_reason;
        send_finish(out);
    }
    return ok();
}

void StreamRelay::on_end(const NodeTotals& totals, std::string& out) {
    if (done_) return;
    const bool whole = mode_ != Mode::resume;
    if (prompt_tokens_ == 0 && totals.prompt_tokens > 0) {
        // A resumed prompt holds what was generated before, too.
        prompt_tokens_ = whole
                             ? totals.prompt_tokens
                             : std::max<std::int64_t>(1, totals.prompt_tokens - generated_tokens());
        if (whole)
            cached_tokens_ = std::clamp<std::int64_t>(totals.cached_tokens, 0, prompt_tokens_);
    }
    const auto before = generated_tokens();
    auto generated = std::max(node_tokens_, totals.generated_tokens);
    if (mode_ == Mode::regenerate) generated = std::max<std::int64_t>(0, generated - before);
    if (request_.generated_tokens_max > 0)
        generated =
            std::min(generated, std::max<std::int64_t>(0, request_.generated_tokens_max - before));
    close_part(generated, totals.device_micros, true);
    if (!started_) send_role(out);
    if (!finishing_) send_finish(out);
    send_usage(out);
    out += "data: [DONE]\n\n";
    done_ = true;
}

StreamRelay::Next StreamRelay::on_interrupted(bool refused, std::string& out) {
    if (finishing_) {
        on_end({}, out);
        return Next::finished;
    }
    const auto before = generated_tokens();
    auto sent = node_tokens_sent_;
    if (mode_ == Mode::regenerate) sent = std::max<std::int64_t>(0, sent - before);
    close_part(sent, 0, false);
    tool_calls_.clear();
    if (mode_ == Mode::resume && (refused || mismatch_)) resume_failed_ = true;
    if (mode_ == Mode::regenerate && (refused || mismatch_)) return Next::give_up;
    if (mode_ == Mode::fresh && refused) return Next::give_up;
    mismatch_ = false;
    expected_text_ = {text_, 0};
    expected_reasoning_ = {reasoning_, 0};
    if (text_.empty() && reasoning_.empty()) {
        mode_ = Mode::fresh;
        return Next::retry;
    }
    if (!can_resume()) {
        mode_ = Mode::regenerate;
        return Next::regenerate;
    }
    mode_ = Mode::resume;
    // A prompt that goes on is not repeated by the engine; a message is.
    if (request_.endpoint == Endpoint::completions) expected_text_ = {};
    if (request_.generated_tokens_max > 0 && generated_tokens() >= request_.generated_tokens_max) {
        finish_reason_ = "length";
        on_end({}, out);
        return Next::finished;
    }
    return Next::resume;
}

void StreamRelay::abandon() {
    if (done_) return;
    auto sent = node_tokens_sent_;
    if (mode_ == Mode::regenerate) sent = std::max<std::int64_t>(0, sent - generated_tokens());
    close_part(sent, 0, false);
    done_ = true;
}

bool StreamRelay::can_resume() const {
    return !request_.structured && !resume_failed_ &&
           !resumed_body(request_, text_, reasoning_, 1).empty();
}

std::string StreamRelay::engine_body() const {
    if (mode_ != Mode::resume) return request_.body;
    const auto left = request_.generated_tokens_max - generated_tokens();
    return resumed_body(request_, text_, reasoning_, left);
}

std::int64_t StreamRelay::generated_tokens() const {
    return std::accumulate(
        parts_.begin(), parts_.end(), std::int64_t{0},
        [](std::int64_t sum, const Part& p) { return sum + p.generated_tokens; });
}

std::string StreamRelay::answer_text() const {
    std::string text = reasoning_ + text_;
    for (const auto& call : tool_calls_) text += call.name + call.arguments;
    return text;
}

void StreamRelay::close_part(std::int64_t generated, std::int64_t device_micros, bool complete) {
    if (!std::exchange(node_open_, false)) return;
    node_tokens_ = 0;
    node_tokens_sent_ = 0;
    if (generated == 0 && !complete) return;  // nothing of it reached the customer
    const bool prompt_is_billed =
        std::ranges::any_of(parts_, [](const Part& part) { return part.prompt_tokens > 0; });
    parts_.push_back({node_, prompt_is_billed ? 0 : prompt_tokens_,
                      prompt_is_billed ? 0 : cached_tokens_, generated, device_micros});
}

void StreamRelay::send_role(std::string& out) {
    started_ = true;
    if (request_.endpoint != Endpoint::chat_completions) return;
    send_choice({{"index", 0},
                 {"delta", {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}},
                 {"logprobs", nullptr},
                 {"finish_reason", nullptr}},
                out);
}

void StreamRelay::send_text(const StreamChunk& chunk, std::string_view text,
                            std::string_view reasoning, std::string& out) {
    if (reasoning.empty() && chunk.logprobs.is_null()) {
        send_plain_text(text, out);
    } else {
        json::object choice{{"index", 0}};
        if (request_.endpoint == Endpoint::chat_completions) {
            json::object delta;
            if (!reasoning.empty()) delta["reasoning_content"] = reasoning;
            if (!text.empty()) delta["content"] = text;
            choice["delta"] = std::move(delta);
        } else {
            choice["text"] = text;
        }
        choice["logprobs"] =
            chunk.logprobs.is_null()
                ? json::value(nullptr)
                : openai_logprobs(request_.endpoint, chunk.logprobs, request_.top_logprobs,
                                  static_cast<std::int64_t>(text_.size()));
        choice["finish_reason"] = nullptr;
        send_choice(std::move(choice), out);
    }
    text_ += text;
    reasoning_ += reasoning;
    node_tokens_sent_ = node_tokens_;
}

/// The library writes the event once around a mark; after that only the text is written anew.
void StreamRelay::send_plain_text(std::string_view text, std::string& out) {
    if (before_text_.empty()) {
        constexpr std::string_view mark = "@text@";
        json::object choice{{"index", 0}};
        if (request_.endpoint == Endpoint::chat_completions) {
            choice["delta"] = {{"content", mark}};
        } else {
            choice["text"] = mark;
        }
        choice["logprobs"] = nullptr;
        choice["finish_reason"] = nullptr;
        std::string event;
        send_choice(std::move(choice), event);
        const auto quoted = json::serialize(json::value(mark));
        const auto at = event.rfind(quoted);
        before_text_ = event.substr(0, at);
        after_text_ = event.substr(at + quoted.size());
    }
    out += before_text_;
    out += json::serialize(text);
    out += after_text_;
}

void StreamRelay::send_finish(std::string& out) {
    if (std::exchange(finishing_, true)) return;
    send_tool_calls(out);
    if (finish_reason_.empty()) finish_reason_ = "stop";
    node_tokens_sent_ = node_tokens_;
    json::object choice{{"index", 0}};
    if (request_.endpoint == Endpoint::chat_completions) {
        choice["delta"] = json::object();
    } else {
        choice["text"] = "";
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish_reason_;
    send_choice(std::move(choice), out);
}

/// Pieces of a call are joined by their index; a call that is cut off by a lost node is made anew
/// by the next one, so that a customer never sees half of it.
void StreamRelay::hold(const json::array& tool_calls) {
    for (const auto& value : tool_calls) {
        const auto* piece = value.if_object();
        if (piece == nullptr) continue;
        const auto index = integer_member(*piece, "index").value_or(0);
        auto call = std::ranges::find(tool_calls_, index, &ToolCall::index);
        if (call == tool_calls_.end()) call = tool_calls_.insert(call, ToolCall{.index = index});
        if (const auto id = string_member(*piece, "id"); !id.empty()) call->id = id;
        const auto* function = member(*piece, "function");
        if (function == nullptr || !function->is_object()) continue;
        call->name += string_member(function->get_object(), "name");
        call->arguments += string_member(function->get_object(), "arguments");
    }
}

void StreamRelay::send_tool_calls(std::string& out) {
    if (tool_calls_.empty()) return;
    json::array calls;
    for (const auto& call : tool_calls_) {
        calls.push_back({{"index", call.index},
                         {"id", call.id},
                         {"type", "function"},
                         {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    send_choice({{"index", 0},
                 {"delta", {{"tool_calls", std::move(calls)}}},
                 {"logprobs", nullptr},
                 {"finish_reason", nullptr}},
                out);
}

void StreamRelay::send_choice(json::object choice, std::string& out) {
    const bool chat = request_.endpoint == Endpoint::chat_completions;
    json::object event{{"id", options_.id},
                       {"object", chat ? "chat.completion.chunk" : "text_completion"},
                       {"created", options_.created_s},
                       {"model", options_.model},
                       {"system_fingerprint", fingerprint_}};
    event["choices"] = json::array{std::move(choice)};
    if (request_.include_usage) event["usage"] = nullptr;
    append_event(event, out);
}

void StreamRelay::send_usage(std::string& out) {
    if (!request_.include_usage) return;
    const bool chat = request_.endpoint == Endpoint::chat_completions;
    const auto generated = generated_tokens();
    json::object event{{"id", options_.id},
                       {"object", chat ? "chat.completion.chunk" : "text_completion"},
                       {"created", options_.created_s},
                       {"model", options_.model},
                       {"system_fingerprint", fingerprint_},
                       {"choices", json::array()}};
    event["usage"] = {{"prompt_tokens", prompt_tokens_},
                      {"completion_tokens", generated},
                      {"total_tokens", prompt_tokens_ + generated},
                      {"prompt_tokens_details", {{"cached_tokens", cached_tokens_}}}};
    append_event(event, out);
}

void StreamRelay::append_error(const ApiError& error, std::string& out) {
    out += "data: ";
    out += error.body();
    out += "\n\n";
}

}  // namespace gleaner::openai
