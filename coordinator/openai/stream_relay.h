#pragma once
/// One streamed answer as the customer sees it, over however many nodes produce it. Engine events
/// go in, server-sent events come out; when a node is lost, it says how another one goes on so that
/// the customer's text continues without a gap or a repetition. Pure: no I/O, no clock.
///
///   begin_node → on_chunk* → on_end                   one node answers
///   begin_node → on_chunk* → on_interrupted → begin_node …
///       retry       nothing was sent yet
///       resume      from the text so far, as a message or prompt to go on from
///       regenerate  with the same seed; what was sent before is compared and skipped
///       give_up     the customer is told

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "coordinator/openai/request.h"

namespace gleaner::openai {

struct StreamChunk;

class StreamRelay {
public:
    struct Options {
        std::string id;     ///< "chatcmpl-…"
        std::string model;  ///< the name the customer knows
        std::int64_t created_s = 0;
    };

    /// What one node did for this answer. Each token is billed once, to the node that made it.
    struct Part {
        std::string node;
        std::int64_t prompt_tokens = 0;  ///< of the customer's prompt: on one part only
        std::int64_t cached_tokens = 0;  ///< of these
        std::int64_t generated_tokens = 0;
        std::int64_t device_micros = 0;
    };

    struct NodeTotals {
        std::int64_t prompt_tokens = 0;
        std::int64_t generated_tokens = 0;
        std::int64_t device_micros = 0;
        std::int64_t cached_tokens = 0;  ///< of the prompt's, by a whole reply
    };

    enum class Next : std::uint8_t { retry, resume, regenerate, finished, give_up };

    StreamRelay(EngineRequest request, Options options);
    ~StreamRelay();

    void begin_node(std::string node);
    /// `generated_tokens`: by this node so far, as the node counts. What the customer is to get is
    /// appended to `out`. Errors: data_corrupt (the event cannot be used, or a regenerated text
    /// differs from what was sent): stop this node and call on_interrupted().
    Status on_chunk(std::string_view data, std::uint32_t generated_tokens, std::string& out);
    /// The node is done: appends what is still owed, usage if asked for, and [DONE].
    void on_end(const NodeTotals& totals, std::string& out);
    /// The node is gone. `refused`: the engine refused to go on from the text so far.
    Next on_interrupted(bool refused, std::string& out);
    /// The customer is gone: closes the books with what was relayed.
    void abandon();

    /// For the engine of the next node.
    [[nodiscard]] std::string engine_body() const;
    /// Has the customer been sent anything?
    [[nodiscard]] bool started() const { return started_; }
    [[nodiscard]] bool finished() const { return done_; }
    [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
    [[nodiscard]] std::int64_t prompt_tokens() const { return prompt_tokens_; }
    [[nodiscard]] std::int64_t generated_tokens() const;
    [[nodiscard]] const EngineRequest& request() const { return request_; }
    /// All that was generated so far: reasoning, text, the calls of tools. For the verifier.
    [[nodiscard]] std::string answer_text() const;
    /// As the engine gave it; empty before.
    [[nodiscard]] const std::string& finish_reason() const { return finish_reason_; }

    /// An error as an event of the stream: all that is possible once it has begun.
    static void append_error(const ApiError& error, std::string& out);

private:
    /// How the present node's output relates to what was sent before.
    enum class Mode : std::uint8_t { fresh, resume, regenerate };

    /// Text that the present node is expected to repeat and that is not sent again.
    struct Expected {
        std::string text;
        std::size_t matched = 0;
    };

    struct ToolCall {
        std::int64_t index = 0;
        std::string id;
        std::string name;
        std::string arguments;
    };

    Result<std::string_view> new_part_of(Expected& expected, std::string_view delta);
    void count(const StreamChunk& chunk, std::uint32_t generated_tokens);
    void send_role(std::string& out);
    void send_text(const StreamChunk& chunk, std::string_view text, std::string_view reasoning,
                   std::string& out);
    void send_finish(std::string& out);
    void hold(const boost::json::array& tool_calls);
    void send_tool_calls(std::string& out);
    void send_usage(std::string& out);
    void send_plain_text(std::string_view text, std::string& out);
    void send_choice(boost::json::object choice, std::string& out);
    void close_part(std::int64_t generated, std::int64_t device_micros, bool complete);
    [[nodiscard]] bool can_resume() const;

    EngineRequest request_;
    Options options_;
    Mode mode_ = Mode::fresh;
    bool resume_failed_ = false;
    bool mismatch_ = false;
    bool started_ = false;    ///< something was sent
    bool finishing_ = false;  ///< finish_reason was sent
    bool done_ = false;
    std::string text_;  ///< sent so far
    std::string reasoning_;
    Expected expected_text_;
    Expected expected_reasoning_;
    std::vector<ToolCall> tool_calls_;  ///< held back until complete
    std::string finish_reason_;
    std::string fingerprint_;
    /// An event with nothing but text, before and after the text: made once, used for each token.
    std::string before_text_;
    std::string after_text_;
    std::vector<Part> parts_;
    std::int64_t prompt_tokens_ = 0;
    std::int64_t cached_tokens_ = 0;
    std::int64_t node_tokens_ = 0;       ///< generated by the present node
    std::int64_t node_tokens_sent_ = 0;  ///< of these, relayed
    bool node_open_ = false;
    std::string node_;
};

/// The engine's request that continues an answer: `text` (and `reasoning`) so far as an assistant
/// message to go on from, or appended to the prompt; `tokens_left` replaces max_tokens. Empty when
/// the request's form does not allow it.
[[nodiscard]] std::string resumed_body(const EngineRequest& request, std::string_view text,
                                       std::string_view reasoning, std::int64_t tokens_left);

}  // namespace gleaner::openai
