/// /v1/chat/completions, /v1/completions, /v1/embeddings: check, admit, answer, settle.

#include <algorithm>
#include <limits>

#include <boost/asio/this_coro.hpp>

#include "coordinator/api/metrics/api_metrics.h"
#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/online_answer.h"
#include "coordinator/api/openai/privacy.h"
#include "coordinator/api/openai/rate_gate.h"
#include "coordinator/api/openai/reservations.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/api/openai/settlements.h"
#include "coordinator/api/openai/store_gate.h"
#include "coordinator/core/admission/job_hold.h"
#include "coordinator/runtime/grid.h"
#include "shared/async/notification.h"
#include "shared/async/offload.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace asio = boost::asio;

namespace {

/// A bigger body is parsed off the network thread: a megabyte takes milliseconds.
constexpr std::size_t inline_bytes_max = 64U << 10U;

class GridPlacer final : public StreamPlacer {
public:
    explicit GridPlacer(runtime::Grid& grid) : grid_(grid) {}
    StreamId open_stream(runtime::StreamRequest request, runtime::StreamSink& sink) override {
        return grid_.open_stream(std::move(request), sink);
    }
    std::uint64_t close_stream(StreamId stream) override { return grid_.close_stream(stream); }
    std::optional<runtime::NodeFacts> facts(const NodeId& node) const override {
        return grid_.facts(node);
    }

private:
    runtime::Grid& grid_;
};

asio::awaitable<ApiResult<openai::EngineRequest>> check(const Services& services,
                                                        openai::Endpoint endpoint,
                                                        const std::string& body,
                                                        const ModelTable& models) {
    openai::RequestPolicy policy;
    policy.seed = static_cast<std::uint32_t>(random_seed());
    if (body.size() <= inline_bytes_max)
        co_return openai::check_request(endpoint, body, models.lookup(), policy);
    using Checked = ApiResult<openai::EngineRequest>;
    std::function<Result<std::shared_ptr<Checked>>()> work =
        [&]() -> Result<std::shared_ptr<Checked>> {
        return std::make_shared<Checked>(
            openai::check_request(endpoint, body, models.lookup(), policy));
    };
    auto done = co_await offload(services.blocking, std::move(work));
    if (done.has_error()) co_return ApiError(done.error());
    co_return std::move(*done.value());
}

Money most_of(const openai::EngineRequest& request, const store::Model& model, TokenPrice price) {
    core::RequestBound bound;
    bound.prompt_bytes = static_cast<std::uint64_t>(request.prompt_bytes);
    bound.messages = static_cast<std::uint32_t>(request.messages);
    bound.embeddings = request.endpoint == openai::Endpoint::embeddings;
    if (request.generated_tokens_max > 0)
        bound.max_tokens = static_cast<std::uint32_t>(std::min<std::int64_t>(
            request.generated_tokens_max, std::numeric_limits<std::uint32_t>::max()));
    return core::request_hold(bound, static_cast<std::uint32_t>(model.context_tokens), price);
}

/// A guess as OpenAI makes it: four bytes of text a token, and what is asked for at most.
std::int64_t expected_tokens(const openai::EngineRequest& request, const store::Model& model) {
    const auto prompt = std::min(request.prompt_bytes / 4 + 1, model.context_tokens);
    return prompt + std::min(request.generated_tokens_max, model.context_tokens);
}

std::int64_t tokens_of(const std::vector<AnswerPart>& parts) {
    std::int64_t tokens = 0;
    for (const auto& part : parts) tokens += part.prompt_tokens + part.generated_tokens;
    return tokens;
}

asio::awaitable<ApiResult<OnlineAnswer::Order>> order_of(const Services& services,
                                                         openai::Endpoint endpoint,
                                                         const Request& request,
                                                         const std::string& body) {
    const auto models = co_await services.models.current_for(request.caller->project);
    if (models.has_error()) co_return models.error();
    auto checked = co_await check(services, endpoint, body, *models.value());
    if (checked.has_error()) co_return std::move(checked).error();
    const auto from_header = privacy_header(request);
    if (from_header.has_error()) co_return from_header.error();
    const auto named = checked.value().privacy;
    if (named && from_header.value() && named != from_header.value())
        co_return openai::invalid_request(
            "The header Gleaner-Privacy and 'gleaner.privacy' differ.", "gleaner.privacy");
    OnlineAnswer::Order order;
    order.id = request.id;
    order.caller = *request.caller;
    order.model = *models.value()->find(checked.value().model);
    order.privacy = named ? *named : from_header.value().value_or(PrivacyClass::any);
    if (order.privacy == PrivacyClass::own && order.caller.own_sites_of.empty())
        co_return no_own_sites();
    PlaceWish place{checked.value().reservation, order.privacy};
    const auto reserved =
        co_await services.reservations.choose(order.caller.project, std::move(place));
    if (reserved.has_error()) co_return reserved.error();
    if (const auto& on = reserved.value()) {
        order.reservation = on->id;
        order.privacy = on->reserved.privacy;
    }
    auto tariff =
        reserved.value()
            ? ApiResult<ledger::Tariff>(tariff_on(*reserved.value(), order.caller.currency))
            : models.value()->tariff(order.model, order.caller.currency, order.privacy);
    if (tariff.has_error()) co_return tariff.error();
    const auto asked = services.clock.wall();
    order.price = tariff.value().at(asked);
    order.price_book = tariff.value().version;
    order.time_band = tariff.value().band_name(asked);
    order.request = std::move(checked).value();
    order.start_within = services.limits.stream_start_within;
    co_return order;
}

/// Takes from the customer's rate and credit what the request may need at most.
asio::awaitable<ApiResult<CreditGate::Hold>> admit(const Services& services,
                                                   const OnlineAnswer::Order& order,
                                                   std::int64_t tokens, Reply& reply) {
    const auto within = services.rates.take_tokens(order.caller, tokens, &reply);
    if (within.has_error()) co_return within.error();
    const auto most = most_of(order.request, order.model, order.price);
    auto hold = co_await services.credit.take(order.caller, most, "request");
    if (hold.has_error()) services.rates.correct_tokens(order.caller, tokens, 0);
    co_return std::move(hold);
}

/// Corrects the rate and notes the time that it took; returns what is to be billed.
store::Acceptance account_for(const Services& services, const OnlineAnswer& answer,
                              std::int64_t tokens) {
    services.rates.correct_tokens(answer.order().caller, tokens, tokens_of(answer.parts()));
    if (const auto first = answer.first_after()) services.metrics.first_token_after(*first);
    return acceptance_of(answer.order(), answer.parts(), answer.attempts(), answer.verified(),
                         services.clock.wall());
}

void settle(const Services& services, const OnlineAnswer& answer, std::int64_t tokens,
            CreditGate::Hold& hold) {
    hold.charge(services.settlements.add(account_for(services, answer, tokens)));
}

/// The same for a request with a key. Waits until the reply is kept, together with the bill: a
/// client that has read its reply gets that one again.
asio::awaitable<void> settle_with_key(const Services& services, const OnlineAnswer& answer,
                                      std::int64_t tokens, CreditGate::Hold& hold,
                                      IdempotencyKey key, const ApiResult<std::string>& text) {
    if (text.has_error() && !IdempotencyKey::keeps(text.error())) {
        settle(services, answer, tokens, hold);
        co_await key.release();
        co_return;
    }
    auto acceptance = account_for(services, answer, tokens);
    acceptance.reply = text.has_value() ? key.reply(200, text.value())
                                        : key.reply(text.error().status(), text.error().body());
    Notification changed(co_await asio::this_coro::executor);
    bool tried = false;
    const auto on_tried = [&] {
        tried = true;
        changed.notify();
    };
    hold.charge(services.settlements.add(std::move(acceptance), std::move(key), on_tried));
    while (!tried) co_await changed.wait();
}

}  // namespace

Handled answer_online(const Services& services, openai::Endpoint endpoint, Request& request,
                      Reply& reply) {
    auto body = co_await request.read_all();
    if (body.has_error()) co_return body.error();
    auto order = co_await order_of(services, endpoint, request, body.value());
    if (order.has_error()) co_return std::move(order).error();
    const auto keeping_up = store_keeps_up(services);
    if (keeping_up.has_error()) co_return keeping_up.error();
    const bool stream = order.value().request.stream;

    // A stream cannot be kept and sent again: the key counts for whole answers.
    std::optional<IdempotencyKey> key;
    if (!stream) {
        bool replayed = false;
        auto claimed = co_await services.idempotency.claim(request, body.value(), reply, replayed);
        if (claimed.has_error()) co_return claimed.error();
        if (replayed) co_return api_ok();
        if (claimed.value()) key.emplace(std::move(*claimed.value()));
    }
    const auto tokens = expected_tokens(order.value().request, order.value().model);
    auto hold = co_await admit(services, order.value(), tokens, reply);
    if (hold.has_error()) {
        if (key) co_await key->release();
        co_return hold.error();
    }
    std::string().swap(body.value());  // an answer may take long
    GridPlacer placer(services.grid);
    OnlineAnswer answer(co_await asio::this_coro::executor, placer, services.clock,
                        std::move(order).value());
    if (stream) {
        auto outcome = co_await answer.stream_to(reply);
        settle(services, answer, tokens, hold.value());
        co_return outcome;
    }
    auto text = co_await answer.whole(reply);
    if (key) {
        co_await settle_with_key(services, answer, tokens, hold.value(), std::move(*key), text);
    } else {
        settle(services, answer, tokens, hold.value());
    }
    if (text.has_error()) co_return std::move(text).error();
    (void)co_await reply.send_json(200, std::move(text).value());
    co_return api_ok();
}

}  // namespace gleaner::api
