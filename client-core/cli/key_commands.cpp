/// gleanerctl key: Ed25519 release keys. Offline.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/context.h"
#include "client-core/cli/output.h"
#include "shared/artefact/signing_key.h"

namespace gleaner::cli {

namespace {

void print_key(const Context& context, const PublicKey& key, const std::string& path) {
    print_record(
        context,
        boost::json::object{
            {"file", path}, {"public_key", key.text()}, {"fingerprint", key.fingerprint()}},
        {{"public_key", "public key"}, {"fingerprint", "fingerprint"}, {"file", "file"}});
}

Status new_key(const Context& context, const std::string& path) {
    const SigningKey key = SigningKey::generate();
    GLEANER_TRY(key.save(path));
    print_key(context, key.public_key(), path);
    if (!context.json) {
        context.out << "Keep " << path
                    << " away from the coordinator: whoever has it decides what nodes run.\n"
                    << "Give the public key to the coordinator's configuration.\n";
    }
    return ok();
}

/// The public key alone on stdout, so that `$(gleanerctl key show FILE)` is what a configuration
/// wants.
Status show_key(const Context& context, const std::string& path) {
    GLEANER_TRY(const SigningKey key, SigningKey::load(path));
    if (context.json) {
        print_key(context, key.public_key(), path);
        return ok();
    }
    context.out << key.public_key().text() << "\n";
    context.err << "fingerprint " << key.public_key().fingerprint() << "\n";
    return ok();
}

}  // namespace

void add_key_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("key", "Release keys that sign engines (offline)");
    group->require_subcommand(1);

    auto path = std::make_shared<std::string>();
    CLI::App* make = group->add_subcommand("new", "Make a release key and print its public half");
    make->add_option("--out", *path, "File for the private key (created with mode 0600)")
        ->required();
    on_chosen(*make, context, [&context, path] { return new_key(context, *path); });

    CLI::App* show = group->add_subcommand("show", "Print the public half of a release key");
    show->add_option("FILE", *path, "The private key's file")->required();
    on_chosen(*show, context, [&context, path] { return show_key(context, *path); });
}

}  // namespace gleaner::cli
