#include "coordinator/store/state.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

Status Store::add_model(const Model& model, std::span<const Canary> canaries) {
    return state_->atomically([&]() -> Status {
        Database& database = *state_->database;
        Query query(database, sql::select_model, model.name);
        GLEANER_TRY(auto known, query.next());
        if (known && query.id<Sha256>("sha256") != model.sha256) {
            return Error(ErrorCode::already_exists,
                         "another file is already served as model " + model.name +
                             ": choose another name, or remove that model first");
        }
        const WallTime created = model.created == WallTime{} ? state_->clock.wall() : model.created;
        GLEANER_TRY(database.run(sql::upsert_model, model.name, model.sha256, model.size_bytes,
                                 model.architecture, model.quantisation, model.parameters,
                                 model.context_tokens, model.memory_bytes, model.slots,
                                 model.embeddings, model.price.prompt_micros_per_million,
                                 model.price.generated_micros_per_million, created));
        GLEANER_TRY(database.run(sql::delete_canaries, model.sha256));
        std::int64_t position = 0;
        for (const auto& canary : canaries) {
            GLEANER_TRY(database.run(sql::insert_canary, model.sha256, position++,
                                     canary.request_json, canary.expect));
        }
        return ok();
    });
}

Status Store::remove_model(std::string_view name) {
    return state_->atomically([&]() -> Status {
        GLEANER_TRY(const auto removed, model(name));
        GLEANER_TRY(state_->database->run(sql::delete_model, name));
        // The same file may be served under a second name.
        GLEANER_TRY(auto still_served, state_->exists(sql::select_model_name, removed.sha256));
        if (still_served) return ok();
        return state_->database->run(sql::delete_canaries, removed.sha256);
    });
}

Result<Model> Store::model(std::string_view name) {
    return state_->one("model", model_row, sql::select_model, name);
}

Result<std::vector<Model>> Store::models() {
    return state_->all(model_row, sql::list_models);
}

Result<std::vector<Canary>> Store::canaries(const Sha256& model) {
    return state_->all(canary_row, sql::list_canaries, model);
}

Status Store::add_engine(const EnginePackage& engine) {
    const WallTime created = engine.created == WallTime{} ? state_->clock.wall() : engine.created;
    return state_->database->run(sql::insert_engine, engine.sha256, engine.size_bytes, engine.name,
                                 engine.version, engine.backend, engine.os, engine.arch, created,
                                 engine.min_driver);
}

Result<std::vector<EnginePackage>> Store::engines() {
    return state_->all(engine_row, sql::list_engines);
}

}  // namespace gleaner::store
