/// Models and engines. Bytes come first (PUT /api/v1/artefacts/{sha256}), then their registration,
/// which looks into them and refuses what no node could run.

#include <algorithm>
#include <filesystem>

#include <boost/json.hpp>

#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/api/admin/record_json.h"
#include "coordinator/openai/request.h"
#include "coordinator/store/blobs.h"
#include "shared/artefact/engine_package.h"
#include "shared/artefact/gguf.h"
#include "shared/artefact/sha256.h"

namespace gleaner::admin {

namespace json = boost::json;
using store::Store;

namespace {

constexpr std::int64_t context_tokens_max = 1 << 20;
constexpr std::int64_t context_tokens_default_max = 8'192;
constexpr std::int64_t price_micros_max = 1'000'000'000'000;
constexpr std::size_t canaries_max = 10'000;
constexpr std::size_t canary_bytes_max = 64 << 10;

Result<std::int64_t> artefact_size(const store::Blobs& blobs, const Sha256& id) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(blobs.artefact_path(id), failed);
    if (failed) {
        return Error(ErrorCode::not_found, "the coordinator does not have the bytes of " +
                                               id.get() + ": send them first");
    }
    return static_cast<std::int64_t>(size);
}

/// Drops bytes that turned out to be unusable, unless something registered needs them.
void drop_unless_used(Store& store, const store::Blobs& blobs, const Sha256& id) {
    const auto models = store.models();
    const auto engines = store.engines();
    if (!models || !engines) return;
    const auto is_it = [&](const auto& record) { return record.sha256 == id; };
    if (std::any_of(models.value().begin(), models.value().end(), is_it)) return;
    if (std::any_of(engines.value().begin(), engines.value().end(), is_it)) return;
    std::error_code ignored;
    std::filesystem::remove(blobs.artefact_path(id), ignored);
}

/// After a refusal: the error itself, once the bytes are gone.
Answer refuse_artefact(AdminState& state, Sha256 id, Error why) {
    const store::Blobs* blobs = &state.needs.blobs;
    StoreWork work = [=](Store& store) -> Result<json::value> {
        drop_unless_used(store, *blobs, id);
        return json::value(nullptr);
    };
    (void)co_await state.needs.store.write<json::value>(std::move(work));
    co_return why;
}

Answer show_artefact(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto id, parse_sha256(call.captures[0]));
    GLEANER_CO_TRY(const auto size, artefact_size(state.needs.blobs, id));
    co_return json::value(json::object{{"sha256", id.get()}, {"size_bytes", size}});
}

/// Models are named in URLs, in requests and on the command line.
Result<std::string> model_name(JsonBody& body) {
    GLEANER_TRY(auto name, body.text("name", 128));
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-' || c == ':';
    });
    if (plain) return name;
    return Error(ErrorCode::invalid_argument,
                 "a model's name has letters, digits and . _ - : only, for instance qwen3-4b");
}

Result<std::vector<store::Canary>> canaries_of(JsonBody& body) {
    GLEANER_TRY(const json::array* list, body.optional_array("canaries"));
    std::vector<store::Canary> canaries;
    if (list == nullptr) return canaries;
    if (list->size() > canaries_max) {
        return Error(ErrorCode::too_large, "at most 10,000 canaries are kept for a model");
    }
    for (const json::value& value : *list) {
        const std::string number = "canary " + std::to_string(canaries.size() + 1);
        if (!value.is_object()) {
            return Error(ErrorCode::invalid_argument, number + " is not an object");
        }
        JsonBody canary(value.get_object());
        GLEANER_TRY(auto expect, canary.text("expect", 4096));
        const json::value& request = value.get_object().contains("request")
                                         ? value.get_object().at("request")
                                         : json::value();
        const bool asks = request.is_object() && request.get_object().contains("messages");
        if (!asks) {
            return Error(ErrorCode::invalid_argument,
                         number + ": \"request\" must be the body of a chat completion");
        }
        std::string text = json::serialize(request);
        if (text.size() > canary_bytes_max) {
            return Error(ErrorCode::too_large, number + " is larger than 64 KiB");
        }
        // One that no engine would answer would cost each node its trust.
        const auto checked = openai::check_canary(text, 0);
        if (checked.has_error()) {
            return Error(ErrorCode::invalid_argument, number + ": " + checked.error().message());
        }
        canaries.push_back({std::move(text), std::move(expect)});
    }
    return canaries;
}

/// What the caller says about a model; the rest is in the file.
Result<store::Model> wanted_model(JsonBody& body) {
    store::Model model;
    GLEANER_TRY(model.name, model_name(body));
    GLEANER_TRY(const auto hash, body.text("sha256"));
    GLEANER_TRY(model.sha256, parse_sha256(hash));
    GLEANER_TRY(model.slots, body.optional_integer("slots", 1, 256, 8));
    GLEANER_TRY(model.context_tokens,
                body.optional_integer("context_tokens", 0, context_tokens_max, 0));
    GLEANER_TRY(model.price.prompt_micros_per_million,
                body.optional_integer("prompt_micros_per_million", 0, price_micros_max, 0));
    GLEANER_TRY(model.price.generated_micros_per_million,
                body.optional_integer("generated_micros_per_million", 0, price_micros_max, 0));
    return model;
}

Result<store::Model> look_into(store::Model model, const std::string& path) {
    auto read = read_gguf(path);
    if (!read) {
        // The path on the coordinator says nothing to who sent the file.
        const std::string& message = read.error().message();
        const bool named = message.starts_with(path + ": ");
        return Error(
            read.error().code() == ErrorCode::data_corrupt ? ErrorCode::invalid_argument
                                                           : read.error().code(),
            "model " + model.name + ": " + (named ? message.substr(path.size() + 2) : message));
    }
    const GgufInfo& info = read.value();
    GLEANER_TRY(check_servable(info));
    const auto trained = static_cast<std::int64_t>(info.context_length);
    if (model.context_tokens == 0) {
        model.context_tokens = std::min(trained, context_tokens_default_max);
    }
    if (model.context_tokens > trained) {
        return Error(ErrorCode::invalid_argument, "model " + model.name + " was trained for " +
                                                      std::to_string(trained) + " tokens, not " +
                                                      std::to_string(model.context_tokens));
    }
    const auto memory = estimate_memory(info, static_cast<std::uint32_t>(model.slots),
                                        static_cast<std::uint32_t>(model.context_tokens));
    model.size_bytes = static_cast<std::int64_t>(info.file_bytes);
    model.architecture = info.architecture;
    model.quantisation = info.quantisation;
    model.parameters = static_cast<std::int64_t>(info.parameter_count);
    model.memory_bytes =
        static_cast<std::int64_t>(std::min<std::uint64_t>(memory.total_bytes(), INT64_MAX));
    model.embeddings = info.is_embedding_model;
    return model;
}

Answer add_model(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto wanted, wanted_model(call.body));
    GLEANER_CO_TRY(auto canaries, canaries_of(call.body));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(artefact_size(state.needs.blobs, wanted.sha256));
    const std::string path = state.needs.blobs.artefact_path(wanted.sha256).string();
    std::function<Result<store::Model>()> look = [=] { return look_into(wanted, path); };
    auto looked = co_await run_blocking<store::Model>(state.needs.blocking, std::move(look));
    if (looked.has_error()) {
        auto refusing = refuse_artefact(state, wanted.sha256, looked.error());
        co_return co_await std::move(refusing);
    }
    store::Model model = std::move(looked).value();
    model.created = state.needs.clock.wall();
    StoreWork work = [&](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.add_model(model, canaries));
        return json::value(to_json(model));
    };
    auto added = co_await state.needs.store.write<json::value>(std::move(work));
    if (added.has_error()) co_return std::move(added).error();
    state.needs.grid.model_added(model, std::move(canaries));
    state.needs.forget_cached();
    co_return std::move(added).value();
}

Answer list_models(AdminState& state, Call /*call*/) {
    StoreWork work = [](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, store.models());
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

/// The model that was removed, and another one that serves the same file, if there is one.
class Removal {
public:
    store::Model removed;
    std::optional<store::Model> same_file;
    std::vector<store::Canary> canaries;
};

Answer remove_model(AdminState& state, Call call) {
    const std::string name = call.captures[0];
    std::function<Result<Removal>(Store&)> work = [=](Store& store) -> Result<Removal> {
        Removal removal;
        GLEANER_TRY(removal.removed, store.model(name));
        GLEANER_TRY(store.remove_model(name));
        GLEANER_TRY(const auto left, store.models());
        for (const auto& model : left) {
            if (model.sha256 == removal.removed.sha256) removal.same_file = model;
        }
        GLEANER_TRY(removal.canaries, store.canaries(removal.removed.sha256));
        return removal;
    };
    auto removal = co_await state.needs.store.write<Removal>(std::move(work));
    if (removal.has_error()) co_return std::move(removal).error();
    Removal& done = removal.value();
    if (done.same_file) {
        state.needs.grid.model_added(*done.same_file, std::move(done.canaries));
    } else {
        state.needs.grid.model_removed(done.removed);
    }
    state.needs.forget_cached();
    co_return json::value(json::object{{"name", name}, {"removed", true}});
}

Answer add_engine(AdminState& state, Call call) {
    GLEANER_CO_TRY(auto hash, call.body.text("sha256"));
    GLEANER_CO_TRY(call.body.no_more());
    GLEANER_CO_TRY(auto id, parse_sha256(hash));
    GLEANER_CO_TRY(const auto size, artefact_size(state.needs.blobs, id));
    if (!state.options.release_key) {
        co_return Error(ErrorCode::failed_precondition,
                        "the coordinator knows no release key, so it cannot check engines: put "
                        "release_public_key, as gleanerctl key show prints it, into its "
                        "configuration and restart it");
    }
    const std::string path = state.needs.blobs.artefact_path(id).string();
    const PublicKey key = *state.options.release_key;
    std::function<Result<EngineManifest>()> check = [=]() -> Result<EngineManifest> {
        auto verified = verify_package(path, key);
        if (verified) return verified;
        std::string message = verified.error().message();
        if (message.starts_with(path)) message.replace(0, path.size(), "the package");
        return Error(verified.error().code() == ErrorCode::data_corrupt
                         ? ErrorCode::invalid_argument
                         : verified.error().code(),
                     message);
    };
    auto verified = co_await run_blocking<EngineManifest>(state.needs.blocking, std::move(check));
    if (verified.has_error()) {
        auto refusing = refuse_artefact(state, id, verified.error());
        co_return co_await std::move(refusing);
    }
    const EngineManifest& manifest = verified.value();
    store::EnginePackage engine;
    engine.sha256 = id;
    engine.size_bytes = size;
    engine.name = manifest.name;
    engine.version = manifest.version;
    engine.backend = to_string(manifest.backend);
    engine.os = manifest.os;
    engine.arch = manifest.arch;
    engine.min_driver = manifest.min_driver;
    engine.created = state.needs.clock.wall();
    StoreWork work = [&engine](Store& store) -> Result<json::value> {
        GLEANER_TRY(store.add_engine(engine));
        return json::value(to_json(engine));
    };
    auto added = co_await state.needs.store.write<json::value>(std::move(work));
    if (added.has_error()) co_return std::move(added).error();
    state.needs.grid.engine_added(engine);
    co_return std::move(added).value();
}

Answer list_engines(AdminState& state, Call /*call*/) {
    StoreWork work = [](Store& store) -> Result<json::value> {
        GLEANER_TRY(const auto found, store.engines());
        return to_list(found);
    };
    co_return co_await state.needs.store.read<json::value>(std::move(work));
}

}  // namespace

std::vector<AdminRoute> catalogue_routes() {
    return {
        {api::Method::get, "/api/v1/artefacts/{id}", operators, show_artefact},
        {api::Method::post, "/api/v1/models", operators, add_model},
        {api::Method::get, "/api/v1/models", operators, list_models},
        {api::Method::delete_, "/api/v1/models/{id}", operators, remove_model},
        {api::Method::post, "/api/v1/engines", operators, add_engine},
        {api::Method::get, "/api/v1/engines", operators, list_engines},
    };
}

}  // namespace gleaner::admin
