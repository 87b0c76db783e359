#include "coordinator/api/openai/model_catalogue.h"

#include "coordinator/store/executor.h"

namespace gleaner::api {

namespace asio = boost::asio;

ModelTable::ModelTable(std::vector<store::Model> models) {
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

asio::awaitable<ApiResult<std::shared_ptr<const ModelTable>>> ModelCatalogue::current() {
    if (table_ && clock_.now() < until_) co_return table_;
    std::function<Result<std::vector<store::Model>>(store::Store&)> load = [](store::Store& s) {
        return s.models();
    };
    auto loaded = co_await store_.read(std::move(load));
    if (loaded.has_error()) co_return ApiError(loaded.error());
    table_ = std::make_shared<const ModelTable>(std::move(loaded).value());
    until_ = clock_.now() + kept_for;
    co_return table_;
}

}  // namespace gleaner::api
