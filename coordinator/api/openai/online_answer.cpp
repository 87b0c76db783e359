#include "coordinator/api/openai/online_answer.h"

#include "coordinator/core/verifier/plausibility.h"
#include "coordinator/openai/engine_reply.h"
#include "coordinator/runtime/reply_facts.h"
#include "shared/proto/wire.pb.h"
#include "shared/util/check.h"
#include "shared/util/log.h"

namespace gleaner::api {

namespace asio = boost::asio;
using openai::StreamRelay;

namespace {

/// Another node must begin soon: a stream that stands still for long looks broken.
constexpr Duration go_on_within = std::chrono::seconds(20);
/// A second opinion on a refusal must not keep the customer waiting for it.
constexpr Duration confirm_within = std::chrono::seconds(5);

std::string answer_id(const OnlineAnswer::Order& order) {
    const auto& id = order.id.get();
    const bool chat = order.request.endpoint == openai::Endpoint::chat_completions;
    return (chat ? "chatcmpl-" : "cmpl-") + id.substr(id.find('_') + 1);
}

StreamRelay::Options relay_options(const OnlineAnswer::Order& order, const Clock& clock) {
    StreamRelay::Options options;
    options.id = answer_id(order);
    options.model = order.model.name;
    options.created_s = clock.wall().seconds();
    return options;
}

runtime::Endpoint grid_endpoint(openai::Endpoint endpoint) {
    switch (endpoint) {
        case openai::Endpoint::chat_completions:
            return runtime::Endpoint::chat_completions;
        case openai::Endpoint::completions:
            return runtime::Endpoint::completions;
        case openai::Endpoint::embeddings:
            return runtime::Endpoint::embeddings;
    }
    return runtime::Endpoint::chat_completions;
}

ApiError interrupted() {
    ApiError error(503, "server_error", "stream_interrupted",
                   "The machine that computed this answer was lost and no other could go on "
                   "with it: send the request again.");
    return std::move(error).retry_in(std::chrono::seconds(1));
}

/// A grid that is full passes; a model that fits no node does not.
ApiError refusal(const Error& error, Duration retry_after) {
    if (error.code() == ErrorCode::failed_precondition)
        return {503, "server_error", "model_unavailable",
                error.message() +
                    ": choose another model (GET /v1/models), or ask for a larger machine"};
    return openai::rate_limited(error.message(), retry_after);
}

}  // namespace

OnlineAnswer::OnlineAnswer(const asio::any_io_executor& executor, StreamPlacer& grid,
                           const Clock& clock, Order order)
    : grid_(grid),
      clock_(clock),
      order_(std::move(order)),
      relay_(order_.request, relay_options(order_, clock)),
      started_(clock.now()),
      changed_(executor) {
    std::string().swap(order_.request.body);  // the relay has it
}

OnlineAnswer::~OnlineAnswer() {
    close();
}

void OnlineAnswer::open(Duration within) {
    runtime::StreamRequest request;
    request.customer = order_.caller.customer;
    request.weight = order_.caller.weight;
    request.own_sites_of = order_.caller.own_sites_of;
    request.model = order_.model;
    request.privacy = order_.privacy;
    request.reservation = order_.reservation;
    request.endpoint = grid_endpoint(order_.request.endpoint);
    request.body = relay_.engine_body();
    engine_bytes_ = request.body.size();
    request.avoid = avoid_;
    request.refused_by = refused_by_;
    request.give_up_after = within;
    state_ = State::running;
    ++attempts_;
    stream_ = grid_.open_stream(std::move(request), *this);
}

void OnlineAnswer::close() {
    if (!stream_) return;
    const auto id = *std::exchange(stream_, std::nullopt);
    const auto device_micros = grid_.close_stream(id);
    if (!served_.empty() && served_.back().stream == id)
        served_.back().device_micros = device_micros;
}

void OnlineAnswer::note_first() {
    if (!first_after_) first_after_ = clock_.now() - started_;
}

void OnlineAnswer::on_started(const NodeId& node, bool trusted) {
    GLEANER_CHECK(stream_.has_value(), "a stream that was opened begins");
    auto facts = grid_.facts(node);
    if (!facts) facts = runtime::NodeFacts{.node = node};
    served_.push_back({std::move(*facts), *stream_, trusted});
    sole_author_ = !relay_.started();
    relay_.begin_node(std::to_string(served_.size() - 1));
}

void OnlineAnswer::on_delta(std::string_view data, std::uint32_t generated_tokens) {
    if (node_broken_ || too_slow_ || !order_.request.stream) return;
    const auto used = relay_.on_chunk(data, generated_tokens, pending_);
    if (used.has_error()) {
        spdlog::warn("event=stream_event_refused request={} why=\"{}\"", order_.id.get(),
                     used.error().message());
        node_broken_ = true;
    }
    if (pending_.size() > unread_bytes_max) too_slow_ = true;
    if (!pending_.empty()) note_first();
    if (!pending_.empty() || node_broken_) changed_.notify();
}

core::Verdict OnlineAnswer::check(const wire::StreamEnd& end) const {
    core::ResultFacts facts;
    facts.embeddings = order_.request.endpoint == openai::Endpoint::embeddings;
    facts.context_tokens = static_cast<std::uint32_t>(order_.model.context_tokens);
    facts.prompt_bytes = engine_bytes_;
    facts.prompt_tokens = end.prompt_tokens();
    facts.generated_tokens = end.generated_tokens();
    runtime::ReplyFacts reply;
    if (order_.request.stream) {
        reply.text = relay_.answer_text();
        reply.finish_reason = relay_.finish_reason();
    } else {
        reply = runtime::read_reply(end.body());
        if (!reply.well_formed) return core::Verdict::implausible;
        facts.usage_prompt_tokens = reply.prompt_tokens;
        facts.usage_generated_tokens = reply.generated_tokens;
        facts.has_embedding = reply.has_embedding;
    }
    facts.text = reply.text;
    facts.finish_reason = reply.finish_reason;
    const auto found = core::check_plausibility(facts);
    if (found.verdict == core::Verdict::implausible)
        spdlog::warn("event=answer_implausible request={} node={} why=\"{}\"", order_.id.get(),
                     served_.back().node.node.get(), found.why);
    return found.verdict;
}

bool OnlineAnswer::doubts_refusal() const {
    const auto& now = served_.back();
    const bool confirmed = refused_at_ && *refused_at_ != now.node.site;
    return !now.trusted && !confirmed && !relay_.started() && attempts_ < attempts_max;
}

core::Verdict OnlineAnswer::on_end(const wire::StreamEnd& end) {
    stream_.reset();
    state_ = State::ended;
    auto verdict = core::Verdict::plausible;
    if (sole_author_ && !node_broken_ && !too_slow_ && !end.has_failure()) {
        verdict = check(end);
        checked_ = verdict == core::Verdict::plausible;
        served_.back().implausible = !checked_;
    }
    if (end.has_failure()) {
        state_ = State::rejected;
        problem_ = openai::engine_refusal(end.failure().body(),
                                          static_cast<std::int32_t>(end.failure().http_status()),
                                          end.failure().message());
        if (doubts_refusal()) {
            state_ = State::interrupted;
            refusal_ = problem_;
            refused_at_ = served_.back().node.site;
            refused_by_.push_back(served_.back().node.node);
            avoid_.push_back(served_.back().node.node);
        }
    }
    totals_ = {end.prompt_tokens(), end.generated_tokens(),
               static_cast<std::int64_t>(end.device_micros())};
    body_ = end.body();
    changed_.notify();
    return verdict;
}

void OnlineAnswer::on_interrupted(const NodeId& node, core::FailureCause,
                                  std::uint64_t device_micros) {
    stream_.reset();
    if (!served_.empty()) served_.back().device_micros = device_micros;
    state_ = State::interrupted;
    avoid_.push_back(node);
    changed_.notify();
}

void OnlineAnswer::on_refused(const Error& error, Duration retry_after) {
    stream_.reset();
    state_ = State::refused;
    // Nobody else is there to ask: what one has said must do.
    problem_ = refusal_ ? *refusal_ : refusal(error, retry_after);
    changed_.notify();
}

ApiStatus OnlineAnswer::go_on() {
    if (node_broken_) {
        close();
        if (!served_.empty()) avoid_.push_back(served_.back().node.node);
    }
    node_broken_ = false;
    const bool refused = state_ == State::rejected;
    const auto next = relay_.on_interrupted(refused, pending_);
    switch (next) {
        case StreamRelay::Next::finished:
            state_ = State::ended;
            return api_ok();
        case StreamRelay::Next::give_up:
            return problem_.value_or(interrupted());
        case StreamRelay::Next::retry:
        case StreamRelay::Next::resume:
        case StreamRelay::Next::regenerate:
            break;
    }
    if (attempts_ >= attempts_max) return refusal_.value_or(interrupted());
    problem_.reset();
    open(refusal_ ? confirm_within : go_on_within);
    return api_ok();
}

asio::awaitable<Status> OnlineAnswer::flush(Reply& reply) {
    if (pending_.empty()) co_return ok();
    if (!reply.begun()) {
        auto begun = co_await reply.begin(200, "text/event-stream; charset=utf-8", std::nullopt);
        if (begun.has_error()) co_return begun;
    }
    co_return co_await reply.write(std::exchange(pending_, {}));
}

asio::awaitable<ApiStatus> OnlineAnswer::end_with(ApiError error, Reply& reply) {
    close();
    relay_.abandon();
    if (!reply.begun() && pending_.empty()) co_return error;
    StreamRelay::append_error(error, pending_);
    const auto told = co_await flush(reply);
    if (told.has_value()) (void)co_await reply.finish();
    co_return api_ok();
}

asio::awaitable<ApiStatus> OnlineAnswer::stream_to(Reply& reply) {
    open(order_.start_within);
    reply.set_on_gone([this] {
        client_gone_ = true;
        changed_.notify();
    });
    for (;;) {
        co_await changed_.wait();
        if (!client_gone_ && !too_slow_) {
            const auto sent = co_await flush(reply);
            client_gone_ = client_gone_ || sent.has_error();
        }
        if (client_gone_ || too_slow_) {
            close();
            relay_.abandon();
            co_return api_ok();
        }
        if (state_ == State::refused) {
            // Taken out first: g++ 12 (house style 3.1).
            auto error = relay_.started() ? interrupted() : *problem_;
            co_return co_await end_with(std::move(error), reply);
        }
        if (state_ == State::interrupted || state_ == State::rejected || node_broken_) {
            auto gone_on = go_on();
            if (gone_on.has_error()) {
                auto error = std::move(gone_on).error();
                co_return co_await end_with(std::move(error), reply);
            }
        }
        if (state_ != State::ended) continue;
        relay_.on_end(totals_, pending_);
        const auto sent = co_await flush(reply);
        if (sent.has_value()) (void)co_await reply.finish();
        co_return api_ok();
    }
}

asio::awaitable<ApiResult<std::string>> OnlineAnswer::whole(Reply& reply) {
    open(order_.start_within);
    reply.set_on_gone([this] {
        client_gone_ = true;
        changed_.notify();
    });
    for (;;) {
        co_await changed_.wait();
        if (client_gone_) {
            close();
            co_return ApiError(Error(ErrorCode::cancelled, "the client is gone"));
        }
        if (state_ == State::refused || state_ == State::rejected) co_return *problem_;
        if (state_ == State::ended) {
            openai::ReplyFacts facts;
            facts.endpoint = order_.request.endpoint;
            facts.id = answer_id(order_);
            facts.model = order_.model.name;
            facts.created_s = clock_.wall().seconds();
            facts.top_logprobs = order_.request.top_logprobs;
            auto rewritten = openai::openai_reply(body_, facts);
            const bool good = rewritten.has_value() && !served_.back().implausible;
            if (good) {
                note_first();
                totals_.cached_tokens = runtime::read_reply(body_).cached_tokens;
                relay_.on_end(totals_, pending_);
                co_return std::move(rewritten).value();
            }
            spdlog::warn("event=answer_refused request={} why=\"{}\"", order_.id.get(),
                         rewritten.has_error() ? rewritten.error().message() : "implausible");
            avoid_.push_back(served_.back().node.node);
            state_ = State::interrupted;
        }
        if (state_ != State::interrupted) continue;
        if (attempts_ >= attempts_max) co_return refusal_.value_or(interrupted());
        open(refusal_ ? confirm_within : go_on_within);
    }
}

std::vector<AnswerPart> OnlineAnswer::parts() const {
    std::vector<AnswerPart> parts;
    for (const auto& part : relay_.parts()) {
        const auto& served = served_.at(static_cast<std::size_t>(std::stoul(part.node)));
        if (served.implausible) continue;
        const auto device_micros = part.device_micros > 0
                                       ? part.device_micros
                                       : static_cast<std::int64_t>(served.device_micros);
        parts.push_back({served.node, served.stream, part.prompt_tokens, part.cached_tokens,
                         part.generated_tokens, device_micros});
    }
    return parts;
}

bool OnlineAnswer::verified() const {
    return checked_ && served_.back().trusted;
}

}  // namespace gleaner::api
