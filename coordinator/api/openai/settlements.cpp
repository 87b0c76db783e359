#include "coordinator/api/openai/settlements.h"

#include "coordinator/core/metering/reference_speed.h"
#include "coordinator/openai/receipt.h"
#include "coordinator/runtime/grid.h"
#include "coordinator/store/executor.h"
#include "shared/util/log.h"

namespace gleaner::api {

namespace {

store::MeterRecord meter_of(const OnlineAnswer::Order& order, const AnswerPart& part, WallTime at) {
    store::MeterRecord meter;
    meter.attempt_key = "s" + std::to_string(part.stream.get());
    meter.request = order.id;
    meter.project = order.caller.project;
    meter.customer = order.caller.customer;
    meter.api_key = order.caller.principal.credential_id;
    meter.node = part.node.node;
    meter.site = part.node.site;
    meter.owner = part.node.owner;
    meter.device_class = part.node.device_class;
    meter.model_sha256 = order.model.sha256;
    meter.prompt_tokens = part.prompt_tokens;
    meter.cached_tokens = part.cached_tokens;
    meter.generated_tokens = part.generated_tokens;
    // The time of reserved machines is billed by the hour, not by what was done in it.
    if (order.reservation.empty()) {
        meter.device_micros = part.device_micros;
        meter.reference_micros =
            core::reference_micros(part.device_micros, part.node.reference_permille);
    }
    meter.price =
        price_of(order.price, part.prompt_tokens, part.generated_tokens, part.cached_tokens);
    meter.at = at;
    return meter;
}

std::string receipt_of(const OnlineAnswer::Order& order,
                       const std::vector<store::MeterRecord>& meters, std::uint32_t attempts,
                       bool verified, WallTime at) {
    openai::Receipt receipt;
    receipt.request = order.id;
    receipt.created = at;
    receipt.endpoint = openai::path_of(order.request.endpoint);
    receipt.model = order.model.name;
    receipt.model_sha256 = order.model.sha256;
    receipt.quantisation = order.model.quantisation;
    receipt.privacy = order.privacy;
    receipt.reservation = order.reservation;
    if (order.request.endpoint != openai::Endpoint::embeddings) receipt.seed = order.request.seed;
    for (const auto& meter : meters)
        receipt.parts.push_back({meter.device_class, meter.prompt_tokens, meter.cached_tokens,
                                 meter.generated_tokens, meter.price});
    receipt.price_book = order.price_book;
    receipt.time_band = order.time_band;
    receipt.currency = order.caller.currency;
    receipt.attempts = attempts;
    receipt.verified = verified;
    return openai::to_json(receipt);
}

}  // namespace

store::Acceptance acceptance_of(const OnlineAnswer::Order& order,
                                const std::vector<AnswerPart>& parts, std::uint32_t attempts,
                                bool verified, WallTime at) {
    store::Acceptance acceptance;
    acceptance.outcome.request = order.id;
    for (const auto& part : parts) {
        // A node that the grid no longer knows has no site to credit.
        if (part.node.site.empty()) continue;
        acceptance.meters.push_back(meter_of(order, part, at));
    }
    if (acceptance.meters.empty()) return acceptance;
    acceptance.receipt_json = receipt_of(order, acceptance.meters, attempts, verified, at);
    return acceptance;
}

Settlements::Settlements(const boost::asio::any_io_executor& executor, store::StoreExecutor& store,
                         runtime::Grid& grid)
    : store_(store), grid_(grid), timer_(executor) {}

Money Settlements::add(store::Acceptance acceptance) {
    if (acceptance.meters.empty()) return {};
    return queue(std::move(acceptance));
}

Money Settlements::add(store::Acceptance acceptance, IdempotencyKey key,
                       std::function<void()> tried) {
    keyed_.emplace(acceptance.outcome.request, Keyed{std::move(key), std::move(tried)});
    return queue(std::move(acceptance));
}

Money Settlements::queue(store::Acceptance acceptance) {
    Money price;
    for (const auto& meter : acceptance.meters) price += meter.price;
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
        [this, acceptance](const Status& status) { written(acceptance, status); });
}

void Settlements::written(const Shared& acceptance, const Status& status) {
    bool again = false;
    if (status.has_error()) {
        spdlog::error("event=answer_not_settled request={} why=\"{}\"",
                      acceptance->outcome.request.get(), status.error().message());
        // What contradicts the store would fail again; only a store that cannot write passes.
        const auto code = status.error().code();
        again = code == ErrorCode::disk_full || code == ErrorCode::io_failed ||
                code == ErrorCode::unavailable || code == ErrorCode::timeout;
        if (again) retry_later(acceptance);
        grid_.settlement_failed(again);
    } else {
        grid_.settlement_saved();
    }
    const auto keyed = keyed_.find(acceptance->outcome.request);
    if (keyed == keyed_.end()) return;
    const auto tried = std::exchange(keyed->second.tried, {});
    if (!again) keyed_.erase(keyed);
    if (tried) tried();
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
