#include "coordinator/api/openai/credit_gate.h"

#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace asio = boost::asio;

CreditGate::Hold::Hold(Hold&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      customer_(std::move(other.customer_)),
      amount_(other.amount_) {}

CreditGate::Hold::~Hold() {
    if (gate_ == nullptr) return;
    auto& account = gate_->accounts_[customer_];
    account.held -= amount_;
    --account.running;
    --gate_->running_;
}

void CreditGate::Hold::charge(Money price) {
    gate_->accounts_[customer_].charged_since += price;
}

asio::awaitable<ApiResult<CreditGate::Hold>> CreditGate::take(CustomerId customer, Money most) {
    if (accounts_[customer].running >= running_max_) {
        co_return openai::rate_limited("You have " + std::to_string(running_max_) +
                                           " requests running already; wait for some to end.",
                                       std::chrono::seconds(1));
    }
    if (most > Money{} && accounts_[customer].until <= clock_.now()) {
        std::function<Result<Money>(store::Store&)> load = [&](store::Store& s) {
            return s.available_credit(customer);
        };
        const auto available = co_await store_.read(std::move(load));
        if (available.has_error()) co_return ApiError(available.error());
        auto& account = accounts_[customer];
        account.available = available.value();
        account.charged_since = {};
        account.until = clock_.now() + kept_for;
    }
    auto& account = accounts_[customer];
    const auto left = account.available - account.charged_since - account.held;
    if (most > Money{} && left < most) {
        co_return openai::insufficient_quota(
            "Your credit is too small for this request: it may cost up to " + to_decimal(most) +
            ", available are " + to_decimal(left) +
            ". Top up, or ask for fewer tokens (max_tokens).");
    }
    account.held += most;
    ++account.running;
    ++running_;
    Hold hold(*this, std::move(customer), most);
    co_return std::move(hold);
}

}  // namespace gleaner::api
