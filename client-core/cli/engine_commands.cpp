/// gleanerctl engine: packing, checking and adding engine packages.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/artefact_upload.h"
#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/artefact/engine_package.h"
#include "shared/artefact/sha256.h"

namespace gleaner::cli {

namespace {

struct PackOptions {
    std::string source;  ///< a directory, or an upstream archive
    std::string sha256;  ///< what an upstream archive must have
    EngineFields fields{.name = "llama.cpp", .os = "linux"};
    std::string backend = "cpu";
    std::string key;
    std::string out;
};

void add_pack_options(CLI::App& command, PackOptions& options) {
    utsname machine{};
    if (::uname(&machine) == 0) options.fields.arch = machine.machine;
    command.add_option("--name", options.fields.name, "The engine's name")->capture_default_str();
    command.add_option("--version", options.fields.version, "The engine's version")->required();
    command
        .add_option("--backend", options.backend,
                    "cpu, cuda, vulkan, rocm, sycl, metal, cann or musa")
        ->capture_default_str();
    command.add_option("--os", options.fields.os, "linux, windows or macos")->capture_default_str();
    command.add_option("--arch", options.fields.arch, "Machine architecture")
        ->capture_default_str();
    command.add_option("--min-libc", options.fields.min_libc, "Oldest C library it runs with");
    command.add_option("--min-driver", options.fields.min_driver,
                       "Oldest device driver it runs with");
    command.add_option("--server", options.fields.server_path,
                       "Path of llama-server inside, when not found");
    command.add_option("--bench", options.fields.bench_path,
                       "Path of llama-bench inside, when not found");
    command.add_option("--key", options.key, "The release key's file")->required();
    command.add_option("--out", options.out, "The package to write (.tar.zst)")->required();
}

boost::json::object describe(const EngineManifest& manifest) {
    std::uint64_t bytes = 0;
    for (const EngineFile& file : manifest.files) bytes += file.size_bytes;
    return {{"name", manifest.name},
            {"version", manifest.version},
            {"backend", to_string(manifest.backend)},
            {"os", manifest.os},
            {"arch", manifest.arch},
            {"min_libc", manifest.min_libc},
            {"min_driver", manifest.min_driver},
            {"server", manifest.server_path},
            {"bench", manifest.bench_path},
            {"files", static_cast<std::int64_t>(manifest.files.size())},
            {"unpacked_bytes", static_cast<std::int64_t>(bytes)}};
}

Status print_package(const Context& context, const EngineManifest& manifest,
                     const std::string& path, const PublicKey& key) {
    GLEANER_TRY(const Sha256 hash, hash_file(path));
    boost::json::object record = describe(manifest);
    record["file"] = path;
    record["sha256"] = hash.get();
    record["signed_by"] = key.fingerprint();
    print_record(context, record,
                 {{"name", "engine"},
                  {"version", "version"},
                  {"backend", "backend"},
                  {"os", "system"},
                  {"arch", "architecture"},
                  {"min_libc", "needs libc"},
                  {"min_driver", "needs driver"},
                  {"files", "files"},
                  {"unpacked_bytes", "unpacked", Show::bytes},
                  {"file", "package"},
                  {"sha256", "sha256"},
                  {"signed_by", "signed by key"}});
    return ok();
}

Status pack(const Context& context, PackOptions options, bool upstream) {
    GLEANER_TRY(options.fields.backend, parse_engine_backend(options.backend));
    GLEANER_TRY(const SigningKey key, SigningKey::load(options.key));
    if (upstream) {
        GLEANER_TRY(const Sha256 hash, hash_file(options.source));
        if (hash.get() != options.sha256) {
            return Error(ErrorCode::data_corrupt, options.source + " has the SHA-256 " +
                                                      hash.get() + ", not " + options.sha256 +
                                                      ": nothing was signed; download it again, or "
                                                      "compare with what its maker publishes");
        }
    }
    GLEANER_TRY(const auto manifest,
                upstream ? import_engine(options.source, options.fields, key, options.out)
                         : pack_engine(options.source, options.fields, key, options.out));
    return print_package(context, manifest, options.out, key.public_key());
}

/// A public key as text, or the name of a file that holds that text.
Result<PublicKey> public_key_from(const std::string& text_or_path) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(text_or_path, failed)) {
        return PublicKey::from_text(text_or_path);
    }
    std::ifstream file(text_or_path);
    std::string text;
    std::getline(file, text);
    if (text.starts_with("-----BEGIN PRIVATE KEY")) {
        GLEANER_TRY(const SigningKey key, SigningKey::load(text_or_path));
        return key.public_key();
    }
    return PublicKey::from_text(text);
}

Status verify(const Context& context, const std::string& path, const std::string& key_text) {
    GLEANER_TRY(const PublicKey key, public_key_from(key_text));
    std::error_code failed;
    const bool unpacked = std::filesystem::is_directory(path, failed);
    GLEANER_TRY(const auto manifest,
                unpacked ? verify_unpacked(path, key) : verify_package(path, key));
    if (!unpacked) return print_package(context, manifest, path, key);
    print_record(context, describe(manifest),
                 {{"name", "engine"}, {"version", "version"}, {"backend", "backend"}});
    return ok();
}

Status add(const Context& context, const std::string& path) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const Sha256 hash, upload_artefact(context, api, path));
    GLEANER_TRY(const auto engine,
                api.post("/api/v1/engines", boost::json::object{{"sha256", hash.get()}}));
    print_record(
        context, engine,
        {{"name", "engine"}, {"version", "version"}, {"backend", "backend"}, {"sha256", "sha256"}});
    return ok();
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto engines, api.get("/api/v1/engines"));
    print_list(context, engines,
               {{"name", "NAME"},
                {"version", "VERSION"},
                {"backend", "BACKEND"},
                {"os", "SYSTEM"},
                {"arch", "ARCHITECTURE"},
                {"size_bytes", "SIZE", Show::bytes},
                {"sha256", "SHA256"}},
               "No engines. Add one with: gleanerctl engine add FILE");
    return ok();
}

}  // namespace

void add_engine_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("engine", "Engine packages");
    group->require_subcommand(1);

    auto packed = std::make_shared<PackOptions>();
    CLI::App* pack_it = group->add_subcommand("pack", "Pack and sign a built engine (offline)");
    pack_it->add_option("--dir", packed->source, "Directory with llama-server and its libraries")
        ->required();
    add_pack_options(*pack_it, *packed);
    on_chosen(*pack_it, context, [&context, packed] { return pack(context, *packed, false); });

    auto imported = std::make_shared<PackOptions>();
    CLI::App* import =
        group->add_subcommand("import", "Sign an upstream release archive as it is (offline)");
    import->add_option("ARCHIVE", imported->source, "A .zip or .tar.gz with llama-server in it")
        ->required();
    import
        ->add_option("--sha256", imported->sha256,
                     "The archive's SHA-256, as its maker publishes it")
        ->required();
    add_pack_options(*import, *imported);
    on_chosen(*import, context, [&context, imported] { return pack(context, *imported, true); });

    auto path = std::make_shared<std::string>();
    auto key = std::make_shared<std::string>();
    CLI::App* check = group->add_subcommand(
        "verify", "Check a package's or an unpacked engine's signature and every file (offline)");
    check->add_option("FILE", *path, "The package, or a directory it was unpacked to")->required();
    check->add_option("--key", *key, "The release key's public half, or a file with it")
        ->required();
    on_chosen(*check, context, [&context, path, key] { return verify(context, *path, *key); });

    CLI::App* add_it = group->add_subcommand("add", "Send a package to the coordinator");
    add_it->add_option("FILE", *path, "The package")->required();
    on_chosen(*add_it, context, [&context, path] { return add(context, *path); });

    CLI::App* show = group->add_subcommand("list", "List the coordinator's engines");
    on_chosen(*show, context, [&context] { return list(context); });
}

}  // namespace gleaner::cli
