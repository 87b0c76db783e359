/// gleanerctl model: looking into GGUF files, and the coordinator's catalogue.

#include <fstream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/artefact_upload.h"
#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/artefact/gguf.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct InspectOptions {
    std::string path;
    std::uint32_t slots = 8;
    std::uint32_t context_tokens = 4096;
};

struct AddOptions {
    std::string path;
    std::string name;
    std::string canaries;
    std::int64_t slots = 8;
    std::int64_t context_tokens = 0;
    std::string price_prompt = "0";
    std::string price_generated = "0";
};

std::int64_t signed_size(std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

Status inspect(const Context& context, const InspectOptions& options) {
    GLEANER_TRY(const GgufInfo info, read_gguf(options.path));
    const MemoryEstimate memory = estimate_memory(info, options.slots, options.context_tokens);
    const Status servable = check_servable(info);
    const json::object record{
        {"file", options.path},
        {"architecture", info.architecture},
        {"name", info.name},
        {"quantisation", info.quantisation},
        {"parameters", signed_size(info.parameter_count)},
        {"context_tokens", signed_size(info.context_length)},
        {"blocks", signed_size(info.block_count)},
        {"embedding_length", signed_size(info.embedding_length)},
        {"heads", signed_size(info.head_count)},
        {"kv_heads", signed_size(info.kv_heads_per_block.empty() ? 0 : info.kv_heads_per_block[0])},
        {"vocabulary", signed_size(info.vocabulary_size)},
        {"chat_template", info.has_chat_template},
        {"embedding_model", info.is_embedding_model},
        {"file_bytes", signed_size(info.file_bytes)},
        {"weights_bytes", signed_size(memory.weights_bytes)},
        {"kv_cache_bytes", signed_size(memory.kv_cache_bytes)},
        {"compute_bytes", signed_size(memory.compute_bytes)},
        {"memory_bytes", signed_size(memory.total_bytes())},
        {"servable", servable.has_value()},
    };
    print_record(context, record,
                 {{"architecture", "architecture"},
                  {"name", "name"},
                  {"quantisation", "quantisation"},
                  {"parameters", "parameters"},
                  {"context_tokens", "trained context"},
                  {"blocks", "blocks"},
                  {"embedding_length", "embedding length"},
                  {"heads", "attention heads"},
                  {"kv_heads", "key/value heads"},
                  {"vocabulary", "vocabulary"},
                  {"chat_template", "chat template"},
                  {"file_bytes", "file", Show::bytes}});
    if (!context.json) {
        context.out << "memory for " << options.slots << " slots of " << options.context_tokens
                    << " tokens: " << show_bytes(memory.total_bytes()) << " (weights "
                    << show_bytes(memory.weights_bytes) << ", KV cache "
                    << show_bytes(memory.kv_cache_bytes) << ", compute "
                    << show_bytes(memory.compute_bytes) << ")\n";
        if (!servable) context.out << servable.error().message() << "\n";
    }
    return ok();
}

/// One JSON object a line: {"request": {…}, "expect": "…"}.
Result<json::array> read_canaries(const std::string& path) {
    json::array canaries;
    if (path.empty()) return canaries;
    std::ifstream file(path);
    if (!file) return Error(ErrorCode::not_found, path + ": cannot be read");
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        if (line.empty()) continue;
        boost::system::error_code failed;
        json::value canary = json::parse(line, failed);
        const bool shaped = !failed && canary.is_object() &&
                            canary.get_object().contains("request") &&
                            canary.get_object().contains("expect");
        if (!shaped) {
            return Error(ErrorCode::invalid_argument,
                         path + " line " + std::to_string(number) +
                             ": a canary is {\"request\": {…}, \"expect\": \"…\"}");
        }
        canaries.push_back(std::move(canary));
    }
    return canaries;
}

const std::vector<Column> model_columns = {
    {"name", "NAME"},
    {"architecture", "ARCHITECTURE"},
    {"quantisation", "QUANTISATION"},
    {"parameters", "PARAMETERS"},
    {"context_tokens", "CONTEXT"},
    {"slots", "SLOTS"},
    {"size_bytes", "SIZE", Show::bytes},
    {"memory_bytes", "MEMORY", Show::bytes},
    {"prompt_micros_per_million", "PROMPT/M", Show::money},
    {"generated_micros_per_million", "GENERATED/M", Show::money},
    {"sha256", "SHA256"},
};

Status add(const Context& context, const AddOptions& options) {
    // What can be refused here is refused before gigabytes are sent.
    GLEANER_TRY(const GgufInfo info, read_gguf(options.path));
    GLEANER_TRY(check_servable(info));
    GLEANER_TRY(auto canaries, read_canaries(options.canaries));
    GLEANER_TRY(const auto price_prompt, parse_micros(options.price_prompt));
    GLEANER_TRY(const auto price_generated, parse_micros(options.price_generated));
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const Sha256 hash, upload_artefact(context, api, options.path));
    const json::object body{{"name", options.name},
                            {"sha256", hash.get()},
                            {"slots", options.slots},
                            {"context_tokens", options.context_tokens},
                            {"prompt_micros_per_million", price_prompt},
                            {"generated_micros_per_million", price_generated},
                            {"canaries", std::move(canaries)}};
    GLEANER_TRY(const auto model, api.post("/api/v1/models", body));
    print_record(context, model, model_columns);
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto models, api.get("/api/v1/models"));
    print_list(context, models, model_columns,
               "No models. Add one with: gleanerctl model add FILE.gguf --name NAME");
    return ok();
}

Status remove(const Context& context, const std::string& name) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto reply, api.remove("/api/v1/models/" + percent_encode(name)));
    if (context.json) {
        context.out << json::serialize(reply) << "\n";
    } else {
        context.out << "removed " << name << "\n";
    }
    return ok();
}

}  // namespace

void add_model_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("model", "Models");
    group->require_subcommand(1);

    auto looked_at = std::make_shared<InspectOptions>();
    CLI::App* look = group->add_subcommand("inspect", "Show what a GGUF file holds (offline)");
    look->add_option("FILE", looked_at->path, "The GGUF file")->required();
    look->add_option("--slots", looked_at->slots, "Requests at once, for the memory estimate")
        ->capture_default_str()
        ->check(CLI::Range(1, 256));
    look->add_option("--context", looked_at->context_tokens, "Tokens a request, for the estimate")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 24));
    on_chosen(*look, context, [&context, looked_at] { return inspect(context, *looked_at); });

    auto added = std::make_shared<AddOptions>();
    CLI::App* add_it = group->add_subcommand("add", "Send a model to the coordinator");
    add_it->add_option("FILE", added->path, "The GGUF file")->required();
    add_it->add_option("--name", added->name, "What customers will call it")->required();
    add_it->add_option(
        "--canaries", added->canaries,
        "Questions with known answers: a JSON object with request and expect a line");
    add_it->add_option("--slots", added->slots, "Requests at once on one node")
        ->capture_default_str()
        ->check(CLI::Range(1, 256));
    add_it
        ->add_option("--context", added->context_tokens,
                     "Tokens a request (0: as trained, at most 8192)")
        ->capture_default_str()
        ->check(CLI::Range(0, 1 << 24));
    add_it->add_option("--price-prompt", added->price_prompt, "Price of a million prompt tokens")
        ->capture_default_str();
    add_it
        ->add_option("--price-generated", added->price_generated,
                     "Price of a million generated tokens")
        ->capture_default_str();
    on_chosen(*add_it, context, [&context, added] { return add(context, *added); });

    CLI::App* show = group->add_subcommand("list", "List the coordinator's models");
    on_chosen(*show, context, [&context] { return list(context); });

    auto name = std::make_shared<std::string>();
    CLI::App* drop = group->add_subcommand("remove", "Take a model out of the catalogue");
    drop->add_option("NAME", *name, "The model's name")->required();
    on_chosen(*drop, context, [&context, name] { return remove(context, *name); });
}

}  // namespace gleaner::cli
