#include "coordinator/api/openai/credit_gate.h"

#include "coordinator/store/executor.h"
#include "coordinator/store/tenants.h"

namespace gleaner::api {

namespace asio = boost::asio;

CreditGate::Hold::Hold(Hold&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), purses_(other.purses_), amount_(other.amount_) {}

CreditGate::Hold::~Hold() {
    if (gate_ == nullptr) return;
    for (auto* purse : purses_) {
        purse->held -= amount_;
        --purse->running;
    }
    --gate_->running_;
}

void CreditGate::Hold::charge(Money price) {
    for (auto* purse : purses_) purse->charged_since += price;
}

void CreditGate::refresh(Purse& purse, const std::optional<ledger::MonthlyCap>& cap) {
    purse.cap = cap;
    purse.charged_since = {};
    purse.until = clock_.now() + kept_for;
}

void CreditGate::forget() {
    for (auto& [name, purse] : purses_) purse.until = Time{};
}

asio::awaitable<ApiResult<CreditGate::Hold>> CreditGate::take(Caller caller, Money most,
                                                              std::string what) {
    const auto& principal = caller.principal;
    auto& customer =
        purses_[caller.customer.get() + "@" + std::string(code_of(principal.currency))];
    auto& project = purses_[caller.project.get()];
    auto& key = purses_[principal.credential_id];
    if (customer.running >= running_max_) {
        co_return openai::rate_limited("You have " + std::to_string(running_max_) +
                                           " requests running already; wait for some to end.",
                                       std::chrono::seconds(1));
    }
    const auto now = clock_.now();
    const bool stale = customer.until <= now || project.until <= now || key.until <= now;
    if (most > Money{} && stale) {
        std::function<Result<ledger::Allowance>(store::Store&)> load = [&caller](store::Store& s) {
            return store::Tenants(s).allowance(caller.customer, caller.project,
                                               caller.principal.credential_id);
        };
        const auto loaded = co_await store_.read(std::move(load));
        if (loaded.has_error()) co_return ApiError(loaded.error());
        customer.credit = loaded.value().credit;
        refresh(customer, loaded.value().customer);
        refresh(project, loaded.value().project);
        refresh(key, loaded.value().key);
    }
    const ledger::Allowance allowance{principal.currency, customer.credit, key.cap, project.cap,
                                      customer.cap};
    const ledger::InFlight running{customer.in_flight(), project.in_flight(), key.in_flight()};
    const auto allowed = ledger::check_allowance(allowance, running, most, what);
    if (allowed.has_error()) co_return openai::insufficient_quota(allowed.error().message());
    for (auto* purse : {&customer, &project, &key}) {
        purse->held += most;
        ++purse->running;
    }
    ++running_;
    Hold hold(*this, {&customer, &project, &key}, most);
    co_return std::move(hold);
}

}  // namespace gleaner::api
