#pragma once
/// The models that customers can ask for, by name, and what they cost; read from the store now and
/// then, and at the moment another version of the price book is in force.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/ledger/price_book.h"
#include "coordinator/openai/request.h"
#include "shared/util/clock.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// One state of the catalogue; immutable, may be used from any thread.
class ModelTable {
public:
    /// Without a price book all are sold at the price that they were added with.
    explicit ModelTable(std::vector<store::Model> models,
                        std::optional<ledger::PriceBook> prices = std::nullopt);
    /// Null when there is none of this name.
    [[nodiscard]] const store::Model* find(std::string_view name) const;
    [[nodiscard]] const std::map<std::string, store::Model, std::less<>>& all() const {
        return models_;
    }
    /// A model without a line in the price book is sold at the price it was added with, which is in
    /// CNY. Errors: 400 model_not_sold (no price in that currency).
    [[nodiscard]] ApiResult<ledger::Tariff> tariff(const store::Model& model, Currency currency,
                                                   PrivacyClass tier) const;
    /// Version of the price book; 0: none.
    [[nodiscard]] std::int64_t price_book() const { return prices_ ? prices_->version : 0; }
    /// Null without one.
    [[nodiscard]] const ledger::PriceBook* prices() const { return prices_ ? &*prices_ : nullptr; }
    /// The same models at the prices of another version, which a contract has locked.
    [[nodiscard]] ModelTable at_locked_prices(ledger::PriceBook prices) const;
    [[nodiscard]] bool locked() const { return locked_; }
    /// What checking a request needs; valid as long as the table.
    [[nodiscard]] openai::ModelLookup lookup() const;

private:
    std::map<std::string, store::Model, std::less<>> models_;
    std::map<std::string, openai::ModelFacts, std::less<>> facts_;
    std::optional<ledger::PriceBook> prices_;
    bool locked_ = false;
};

/// Single-threaded.
class ModelCatalogue {
public:
    static constexpr Duration kept_for = std::chrono::milliseconds(250);
    static constexpr Duration locks_kept_for = std::chrono::seconds(1);

    ModelCatalogue(store::StoreExecutor& store, const Clock& clock)
        : store_(store), clock_(clock) {}

    [[nodiscard]] boost::asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> current();
    /// What the project is sold at which prices: those that a contract of its customer has locked
    /// for it, else those in force.
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> current_for(
        ProjectId project);
    /// After a model was added or removed, a price book published or withdrawn, or a contract
    /// signed, repriced or ended.
    void forget();
    /// When the next version that is known will be in force, as of the last current().
    [[nodiscard]] std::optional<WallTime> prices_change() const { return prices_change_; }

private:
    using Table = std::shared_ptr<const ModelTable>;
    struct Lock {
        std::optional<std::int64_t> version;
        Time until;
    };
    [[nodiscard]] boost::asio::awaitable<ApiStatus> look_up(ProjectId project);

    store::StoreExecutor& store_;
    const Clock& clock_;
    Table table_;
    Time until_;
    std::map<ProjectId, Lock> locks_;
    std::map<std::int64_t, ledger::PriceBook> books_;  ///< locked ones; a version never changes
    std::map<std::int64_t, Table> at_locked_prices_;   ///< of the models in `table_`
    std::optional<WallTime> prices_change_;
};

}  // namespace gleaner::api
