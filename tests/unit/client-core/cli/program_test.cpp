/// The command line as a whole, offline: parsing, completion and the commands that need nobody.

#include <array>
#include <cstdio>
#include <sstream>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "client-core/cli/completion.h"
#include "client-core/cli/context.h"
#include "tests/unit/shared/artefact/gguf_builder.h"
#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;
using namespace gleaner::cli;

namespace {

struct Program {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    ManualClock clock;
    Context context{.in = in, .out = out, .err = err, .clock = clock, .pause = {}};
    CLI::App app;
    Program() {
        app.name("gleanerctl");
        add_program(app, context);
    }
    Status run(std::vector<std::string> words) {
        out.str("");
        context.command = {};
        std::reverse(words.begin(), words.end());
        app.parse(words);
        REQUIRE(context.command);
        return context.command();
    }
    boost::json::object result() { return boost::json::parse(out.str()).as_object(); }
};

std::string text_of(const boost::json::object& object, const char* key) {
    return std::string(object.at(key).as_string());
}

/// What bash offers for the words, of which the last is being typed.
std::string bash_completion(const std::string& script_path, const std::string& words) {
    const std::string command = "bash -c 'source " + script_path + "; COMP_WORDS=(gleanerctl " +
                                words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _gleanerctl; "
                                "echo \"${COMPREPLY[@]}\"'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
    REQUIRE(pipe);
    std::array<char, 4096> text{};
    const std::size_t count = std::fread(text.data(), 1, text.size(), pipe.get());
    std::string offered(text.data(), count);
    while (!offered.empty() && offered.back() == '\n') offered.pop_back();
    return offered;
}

}  // namespace

TEST_CASE("a key is made, shown, and never overwritten") {
    const test::TemporaryDirectory directory;
    Program program;
    const std::string path = directory / "release.key";
    REQUIRE(program.run({"key", "new", "--out", path, "--json"}));
    const auto made = program.result();
    CHECK(text_of(made, "public_key").starts_with("ed25519:"));
    REQUIRE(program.run({"key", "show", path, "--json"}));
    CHECK(text_of(program.result(), "public_key") == text_of(made, "public_key"));
    CHECK(program.run({"key", "new", "--out", path}).error().code() == ErrorCode::already_exists);
}

TEST_CASE("without --json a key's public half stands alone on stdout, for configurations") {
    const test::TemporaryDirectory directory;
    Program program;
    const std::string path = directory / "release.key";
    REQUIRE(program.run({"key", "new", "--out", path}));
    CHECK(program.out.str().find("public key: ed25519:") != std::string::npos);
    REQUIRE(program.run({"key", "show", path}));
    CHECK(program.out.str().size() == 8 + 64 + 1);
    CHECK(program.out.str().starts_with("ed25519:"));
}

TEST_CASE("an engine is packed and verified; another key or a changed byte is refused") {
    const test::TemporaryDirectory directory;
    Program program;
    test::write_file(directory / "stage/llama-server", "server");
    ::chmod((directory / "stage/llama-server").c_str(), 0755);
    const std::string key = directory / "k";
    const std::string out = directory / "e.tar.zst";
    REQUIRE(program.run({"--json", "key", "new", "--out", key}));
    const std::string public_key = text_of(program.result(), "public_key");
    REQUIRE(program.run({"engine",    "pack",      "--dir",      directory / "stage",
                         "--name",    "llama.cpp", "--version",  "0.5.0",
                         "--backend", "cpu",       "--os",       "linux",
                         "--arch",    "x86_64",    "--min-libc", "2.36",
                         "--key",     key,         "--out",      out}));
    CHECK(program.result().at("files").as_int64() == 1);
    REQUIRE(program.run({"engine", "verify", out, "--key", public_key}));
    CHECK(text_of(program.result(), "version") == "0.5.0");
    REQUIRE(program.run({"--json", "key", "new", "--out", directory / "other"}));
    const std::string other = text_of(program.result(), "public_key");
    CHECK(program.run({"engine", "verify", out, "--key", other}).error().code() ==
          ErrorCode::data_corrupt);
    std::string bytes = test::read_file(out);
    bytes[bytes.size() - 10] = static_cast<char>(bytes[bytes.size() - 10] ^ 1);
    test::write_file(out, bytes);
    CHECK(program.run({"engine", "verify", out, "--key", public_key}).error().code() ==
          ErrorCode::data_corrupt);
}

TEST_CASE("a model is looked into without a coordinator") {
    const test::TemporaryDirectory directory;
    Program program;
    const auto bytes = test::small_model().build();
    test::write_file(directory / "m.gguf", {bytes.begin(), bytes.end()});
    REQUIRE(program.run({"model", "inspect", directory / "m.gguf", "--json", "--slots", "2"}));
    CHECK(program.result().at("parameters").as_int64() == 384);
    CHECK(program.result().at("servable").as_bool());
    test::write_file(directory / "m.gguf", {bytes.begin(), bytes.end() - 9});
    CHECK(program.run({"model", "inspect", directory / "m.gguf"})
              .error()
              .message()
              .find("truncated") != std::string::npos);
}

TEST_CASE("a command that needs a key or an address says how to give one") {
    Program program;
    CHECK(program.run({"node", "list"}).error().message().find("--key") != std::string::npos);
    program.context.profile.key = "k";
    CHECK(program.run({"node", "list"}).error().message().find("--url") != std::string::npos);
    program.context.profile.url = "http://host";
    CHECK(program.run({"node", "list"}).error().message().find("not https") != std::string::npos);
    program.context.profile.url = "https://host/path";
    CHECK(program.run({"node", "list"}).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("an account number is read from standard input or a file, and must be there") {
    const test::TemporaryDirectory directory;
    Program program;
    const std::vector<std::string> set{"payout", "account", "set", "--holder", "W"};
    CHECK(program.run(set).error().message().find("no account number") != std::string::npos);
    auto from_file = set;
    from_file.insert(from_file.end(), {"--number-file", directory / "none"});
    CHECK(program.run(from_file).error().code() == ErrorCode::not_found);
    // With a number it goes on to ask for a key.
    Program typed;
    typed.in.str("12345678\n");
    CHECK(typed.run(set).error().message().find("--key") != std::string::npos);
    test::write_file(directory / "number", "12345678\r\n");
    from_file.back() = directory / "number";
    CHECK(program.run(from_file).error().message().find("--key") != std::string::npos);
}

TEST_CASE("no batch is exported over a file that is there") {
    const test::TemporaryDirectory directory;
    Program program;
    test::write_file(directory / "batch.csv", "x");
    CHECK(program.run({"payout", "export", "--out", directory / "batch.csv"})
              .error()
              .message()
              .find("nothing was exported") != std::string::npos);
    CHECK(program.run({"payout", "request", "--amount", "much"}).error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE("wrong command lines are refused by the parser") {
    const auto refused = [](const std::vector<std::string>& words) {
        Program program;
        std::vector<std::string> reversed(words.rbegin(), words.rend());
        CHECK_THROWS_AS(program.app.parse(reversed), CLI::ParseError);
    };
    refused({});
    refused({"owner"});
    refused({"close", "run"});
    refused({"close", "run", "--day", "2026-11-30", "--month", "2026-11"});
    refused({"close", "run", "--day", "2026-11-30", "--despite", "why"});
    refused({"ledger", "archive"});
    refused({"audit", "show"});
    refused({"owner", "add"});
    refused({"statement"});
    refused({"statement", "--owner", "a", "--customer", "b"});
    refused({"token", "new", "--site", "s", "--uses", "0"});
    refused({"token", "new", "--site", "s", "--uses", "2", "--unlimited"});
    refused({"job", "submit", "f", "--privacy", "public"});
    refused({"payout"});
    refused({"payout", "approve"});
    refused({"payout", "reject", "pay_1"});
    refused({"payout", "settle"});
    refused({"payout", "settle", "pay_1", "--batch", "3"});
    refused({"payout", "export"});
    refused({"payout", "account", "set"});
    refused({"payout", "account", "verify", "own_1"});
    refused({"operator", "add", "ann"});
}

TEST_CASE("bash completes groups, commands and flags from the tree itself") {
    const test::TemporaryDirectory directory;
    Program program;
    REQUIRE(program.run({"completion", "bash"}));
    const std::string path = directory / "completion";
    test::write_file(path, program.out.str());
    CHECK(bash_completion(path, "own") == "owner");
    CHECK(bash_completion(path, "--json site rev") == "revoke-consent");
    CHECK(bash_completion(path, "engine pack --min") == "--min-libc --min-driver");
    CHECK(bash_completion(path, "statement --pl") == "--platform");
    CHECK(bash_completion(path, "token new --site x --js") == "--json");
}

TEST_CASE("every shell gets a script that knows every command; others are refused") {
    Program program;
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto script = completion_script(program.app, shell);
        REQUIRE(script);
        for (const char* word : {"apikey", "revoke-consent", "inspect", "idempotency-key"}) {
            CAPTURE(word);
            CHECK(script.value().find(word) != std::string::npos);
        }
    }
    CHECK(completion_script(program.app, "tcsh").error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("limits, budgets and amounts are checked before anything is asked of the coordinator") {
    Program program;
    const auto nothing = program.run({"apikey", "set", "key_1"});
    REQUIRE(nothing.has_error());
    CHECK(nothing.error().message().find("--spend-cap") != std::string::npos);
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"apikey", "new", "--customer", "cus_1", "--spend-cap", "five"},
             {"budget", "set", "--project", "proj_1", "--amount", "ten"},
             {"customer", "credit-limit", "cus_1", "1.2345678"},
             {"customer", "refund", "cus_1", "x", "--idempotency-key", "k"}}) {
        CAPTURE(words[1]);
        const auto refused = program.run(words);
        REQUIRE(refused.has_error());
        CHECK(refused.error().message().find("is not an amount") != std::string::npos);
    }
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"budget", "set", "--project", "p", "--customer", "c", "--amount", "1"},
             {"customer", "refund", "cus_1", "5"},
             {"usage", "--width", "1y"},
             {"budget", "alerts", "--limit", "0"}})
        CHECK_THROWS_AS(program.run(words), CLI::ParseError);
}
