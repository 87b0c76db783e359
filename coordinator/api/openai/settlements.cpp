#include "coordinator/api/openai/settlements.h"

#include <boost/json.hpp>

#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"
#include "shared/util/log.h"

namespace gleaner::api {

namespace json = boost::json;

namespace {

store::MeterRecord meter_of(const OnlineAnswer::Order& order, const AnswerPart& part, WallTime at) {
    store::MeterRecord meter;
    meter.attempt_key = "s" + std::to_string(part.stream.get());
    meter.request = order.id;
    meter.project = order.caller.project;
    meter.customer = order.caller.customer;
    meter.node = part.node.node;
    meter.site = part.node.site;
    meter.owner = part.node.owner;
    meter.device_class = part.node.device_class;
    meter.model_sha256 = order.model.sha256;
    meter.prompt_tokens = part.prompt_tokens;
    meter.generated_tokens = part.generated_tokens;
    meter.device_micros = part.device_micros;
    meter.price = price_of(order.model.price, part.prompt_tokens, part.generated_tokens);
    meter.at = at;
    return meter;
}

std::string receipt_of(const OnlineAnswer::Order& order,
                       const std::vector<store::MeterRecord>& meters, std::uint32_t attempts,
                       bool verified, Money price, WallTime at) {
    json::array parts;
    std::int64_t prompt = 0;
    std::int64_t generated = 0;
    for (const auto& meter : meters) {
        prompt += meter.prompt_tokens;
        generated += meter.generated_tokens;
        parts.push_back({{"device_class", meter.device_class},
                         {"prompt_tokens", meter.prompt_tokens},
                         {"generated_tokens", meter.generated_tokens},
                         {"price_micros", meter.price.micros}});
    }
    json::object receipt{{"request_id", order.id.get()},
                         {"created", at.seconds()},
                         {"endpoint", openai::path_of(order.request.endpoint)},
                         {"model", order.model.name},
                         {"model_sha256", order.model.sha256.get()},
                         {"quantisation", order.model.quantisation},
                         {"privacy", to_string(order.privacy)},
                         {"prompt_tokens", prompt},
                         {"generated_tokens", generated},
                         {"parts", std::move(parts)},
                         {"attempts", attempts},
                         {"verified", verified},
                         {"price_micros", price.micros}};
    if (order.request.endpoint != openai::Endpoint::embeddings)
        receipt["seed"] = order.request.seed;
    return json::serialize(receipt);
}

}  // namespace

store::Acceptance acceptance_of(const OnlineAnswer::Order& order,
                                const std::vector<AnswerPart>& parts, std::uint32_t attempts,
                                bool verified, WallTime at) {
    store::Acceptance acceptance;
    acceptance.outcome.request = order.id;
    Money price;
    for (const auto& part : parts) {
        // A node that the grid no longer knows has no site to credit.
        if (part.node.site.empty()) continue;
        acceptance.meters.push_back(meter_of(order, part, at));
        price += acceptance.meters.back().price;
    }
    if (acceptance.meters.empty()) return acceptance;
    acceptance.receipt_json = receipt_of(order, acceptance.meters, attempts, verified, price, at);
    return acceptance;
}

Settlements::Settlements(const boost::asio::any_io_executor& executor, store::StoreExecutor& store,
                         runtime::Grid& grid)
    : store_(store), grid_(grid), timer_(executor) {}

Money Settlements::add(store::Acceptance acceptance) {
    Money price;
    for (const auto& meter : acceptance.meters) price += meter.price;
    if (acceptance.meters.empty()) return price;
    grid_.settlement_queued();
    write(std::make_shared<const store::Acceptance>(std::move(acceptance)));
    return price;
}

void Settlements::write(Shared acceptance) {
    store_.post_write(
        [acceptance](store::Store& target) -> Status {
            GLEANER_TRY(target.accept({acceptance.get(), 1}));
            return ok();
        },
        [this, acceptance](const Status& status) {
            if (status.has_value()) {
                grid_.settlement_saved();
                return;
            }
            spdlog::error("event=answer_not_settled request={} why=\"{}\"",
                          acceptance->outcome.request.get(), status.error().message());
            // What contradicts the store would fail again; only a store that cannot write passes.
            const auto code = status.error().code();
            const bool passes = code == ErrorCode::disk_full || code == ErrorCode::io_failed ||
                                code == ErrorCode::unavailable || code == ErrorCode::timeout;
            if (passes) retry_later(acceptance);
            grid_.settlement_failed(passes);
        });
}

void Settlements::retry_later(Shared acceptance) {
    waiting_.push_back(std::move(acceptance));
    if (waiting_.size() > 1) return;  // the timer runs
    timer_.expires_after(retry_after);
    timer_.async_wait([this](const boost::system::error_code& problem) {
        if (problem) return;
        for (auto& again : std::exchange(waiting_, {})) write(std::move(again));
    });
}

}  // namespace gleaner::api
