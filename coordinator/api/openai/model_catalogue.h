#pragma once
/// The models that customers can ask for, by name; read from the store now and then.

#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "coordinator/api/http.h"
#include "coordinator/openai/request.h"
#include "shared/util/clock.h"

namespace gleaner::store {
class StoreExecutor;
}

namespace gleaner::api {

/// One state of the catalogue; immutable, may be used from any thread.
class ModelTable {
public:
    explicit ModelTable(std::vector<store::Model> models);
    /// Null when there is none of this name.
    [[nodiscard]] const store::Model* find(std::string_view name) const;
    [[nodiscard]] const std::map<std::string, store::Model, std::less<>>& all() const {
        return models_;
    }
    /// What checking a request needs; valid as long as the table.
    [[nodiscard]] openai::ModelLookup lookup() const;

private:
    std::map<std::string, store::Model, std::less<>> models_;
    std::map<std::string, openai::ModelFacts, std::less<>> facts_;
};

/// Single-threaded.
class ModelCatalogue {
public:
    static constexpr Duration kept_for = std::chrono::milliseconds(250);

    ModelCatalogue(store::StoreExecutor& store, const Clock& clock)
        : store_(store), clock_(clock) {}

    [[nodiscard]] boost::asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> current();
    /// After a model was added or removed.
    void forget() { table_.reset(); }

private:
    store::StoreExecutor& store_;
    const Clock& clock_;
    std::shared_ptr<const ModelTable> table_;
    Time until_;
};

}  // namespace gleaner::api
