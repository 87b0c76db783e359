#include "coordinator/api/openai/model_catalogue.h"

#include "coordinator/store/customer_contracts.h"
#include "coordinator/store/executor.h"
#include "coordinator/store/prices.h"

namespace gleaner::api {

namespace asio = boost::asio;

ModelTable::ModelTable(std::vector<store::Model> models, std::optional<ledger::PriceBook> prices)
    : prices_(std::move(prices)) {
    for (auto& model : models) {
        openai::ModelFacts facts;
        facts.name = model.name;
        facts.context_tokens = model.context_tokens;
        facts.embeddings = model.embeddings;
        facts_.emplace(model.name, std::move(facts));
        auto name = model.name;
        models_.emplace(std::move(name), std::move(model));
    }
}

const store::Model* ModelTable::find(std::string_view name) const {
    const auto found = models_.find(name);
    return found == models_.end() ? nullptr : &found->second;
}

openai::ModelLookup ModelTable::lookup() const {
    return [this](std::string_view name) -> const openai::ModelFacts* {
        const auto found = facts_.find(name);
        return found == facts_.end() ? nullptr : &found->second;
    };
}

ApiResult<ledger::Tariff> ModelTable::tariff(const store::Model& model, Currency currency,
                                             PrivacyClass tier) const {
    if (prices_) {
        if (auto priced = ledger::tariff_of(*prices_, model.name, currency, tier))
            return std::move(*priced);
    }
    if (currency == Currency::cny) return ledger::fixed_tariff(model.price, currency, tier);
    return openai::invalid_request(
        "The model '" + model.name + "' is not sold in " + std::string(code_of(currency)) +
            ", the currency of your project: ask the operator for a price, or choose another "
            "model.",
        "model", "model_not_sold");
}

ModelTable ModelTable::at_locked_prices(ledger::PriceBook prices) const {
    auto table = *this;
    table.prices_ = std::move(prices);
    table.locked_ = true;
    return table;
}

void ModelCatalogue::forget() {
    table_.reset();
    locks_.clear();
}

asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> ModelCatalogue::current_for(
    ProjectId project) {
    auto present = co_await current();
    if (present.has_error()) co_return std::move(present).error();
    const auto known = locks_.find(project);
    if (known == locks_.end() || known->second.until <= clock_.now()) {
        const auto looked_up = co_await look_up(project);
        if (looked_up.has_error()) co_return looked_up.error();
    }
    // Looked up again: another request may have forgotten it meanwhile.
    const auto lock = locks_.find(project);
    if (lock == locks_.end() || !lock->second.version) co_return present.value();
    const auto version = *lock->second.version;
    auto& table = at_locked_prices_[version];
    if (!table)
        table = std::make_shared<const ModelTable>(
            present.value()->at_locked_prices(books_.at(version)));
    co_return table;
}

asio::awaitable<ApiStatus> ModelCatalogue::look_up(ProjectId project) {
    struct Found {
        std::optional<std::int64_t> version;
        std::optional<ledger::PriceBook> book;
    };
    std::function<Result<Found>(store::Store&)> load =
        [project, wall = clock_.wall()](store::Store& s) -> Result<Found> {
        Found found;
        GLEANER_TRY(found.version, store::CustomerContracts(s).locked_book(project, wall));
        if (!found.version) return found;
        GLEANER_TRY(auto version, store::Prices(s).version(*found.version));
        found.book = std::move(version.book);
        return found;
    };
    auto found = co_await store_.read(std::move(load));
    if (found.has_error()) co_return ApiError(found.error());
    auto& [version, book] = found.value();
    if (version) books_.try_emplace(*version, std::move(*book));
    locks_[project] = {version, clock_.now() + locks_kept_for};
    co_return api_ok();
}

asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> ModelCatalogue::current() {
    const auto wall = clock_.wall();
    const bool priced = !prices_change_ || wall < *prices_change_;
    if (table_ && priced && clock_.now() < until_) co_return table_;
    struct Loaded {
        std::vector<store::Model> models;
        std::optional<ledger::PriceBook> prices;
        std::optional<WallTime> next_change;
    };
    std::function<Result<Loaded>(store::Store&)> load = [wall](store::Store& s) -> Result<Loaded> {
        Loaded found;
        GLEANER_TRY(found.models, s.models());
        store::Prices prices(s);
        GLEANER_TRY(found.prices, prices.in_force(wall));
        GLEANER_TRY(found.next_change, prices.next_change(wall));
        return found;
    };
    auto loaded = co_await store_.read(std::move(load));
    if (loaded.has_error()) co_return ApiError(loaded.error());
    auto& found = loaded.value();
    table_ = std::make_shared<const ModelTable>(std::move(found.models), std::move(found.prices));
    at_locked_prices_.clear();
    prices_change_ = found.next_change;
    until_ = clock_.now() + kept_for;
    co_return table_;
}

}  // namespace gleaner::api
