#include "shared/artefact/engine_manifest.h"

#include <doctest/doctest.h>

#include "shared/artefact/sha256.h"

using namespace gleaner;

namespace {

EngineManifest sample() {
    const Sha256 hash = hash_bytes(std::string_view("x"));
    return {.name = "llama.cpp",
            .version = "0.5.0",
            .backend = EngineBackend::cuda,
            .os = "linux",
            .arch = "x86_64",
            .min_libc = "2.36",
            .min_driver = "535",
            .server_path = "bin/llama-server",
            .bench_path = "bin/llama-bench",
            .files = {{"bin/libggml.so", 7, hash, false},
                      {"bin/llama-bench", 5, hash, true},
                      {"bin/llama-server", 6, hash, true}}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a manifest survives its canonical JSON") {
    const auto json = to_canonical_json(sample());
    const auto parsed = parse_manifest(json);
    REQUIRE(parsed);
    CHECK(parsed.value() == sample());
    CHECK(json.starts_with(R"({"arch":"x86_64","backend":"cuda","bench_path")"));
}

TEST_CASE("any other spelling of a manifest is refused") {
    const auto json = to_canonical_json(sample());
    for (const auto& changed :
         {" " + json, replaced(json, "{\"arch\":", "{\"arch\": "),
          replaced(json, "\"arch\":\"x86_64\",", ""),
          replaced(json, "{\"arch\"", "{\"extra\":1,\"arch\""),
          replaced(json, "{\"arch\":\"x86_64\"", "{\"arch\":\"x86_64\",\"arch\":\"x86_64\""),
          replaced(json, "\"cuda\"", "\"abacus\""), replaced(json, "\"size\":7", "\"size\":-7"),
          replaced(json, "\"size\":7", "\"size\":7.0"),
          replaced(json, "\"executable\":false", "\"executable\":0"), std::string("[]"),
          std::string("{}"), std::string(""), json.substr(0, json.size() / 2)}) {
        CAPTURE(changed);
        CHECK(!parse_manifest(changed));
    }
}

TEST_CASE("a manifest larger than 1 MiB is refused before it is parsed") {
    const auto refused = parse_manifest(std::string(manifest_bytes_max + 1, ' '));
    REQUIRE(!refused);
    CHECK(refused.error().code() == ErrorCode::too_large);
}

TEST_CASE("paths that could leave the package are not safe") {
    for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "a/..", "./a", "a//b", "a/",
                             "C:x", "a\\b", "a b", "a\nb", "."}) {
        CAPTURE(path);
        CHECK(!is_safe_relative_path(path));
    }
    CHECK(!is_safe_relative_path(std::string(241, 'a')));
    for (const char* path : {"a", "bin/llama-server", "lib/libggml.so.0.9", "a/..b", "...x"}) {
        CAPTURE(path);
        CHECK(is_safe_relative_path(path));
    }
}

TEST_CASE("a manifest's files are safe, sorted, unique, bounded and not reserved") {
    const auto refuses = [](auto change) {
        EngineManifest manifest = sample();
        change(manifest);
        return !check_manifest(manifest);
    };
    CHECK(check_manifest(sample()));
    CHECK(refuses([](auto& m) { m.files[0].path = "../libggml.so"; }));
    CHECK(refuses([](auto& m) { std::swap(m.files[0], m.files[1]); }));
    CHECK(refuses([](auto& m) { m.files.insert(m.files.begin(), m.files[0]); }));
    CHECK(refuses([](auto& m) { m.files[0].size_bytes = engine_file_bytes_max + 1; }));
    CHECK(refuses([](auto& m) { m.files[2].path = "manifest.sig"; }));
    CHECK(refuses([](auto& m) { m.files[0].sha256 = Sha256("abc"); }));
    CHECK(refuses([](auto& m) { m.files.clear(); }));
    CHECK(refuses([](auto& m) { m.files[2].executable = false; }));
    CHECK(refuses([](auto& m) { m.server_path = "bin/other"; }));
    CHECK(refuses([](auto& m) { m.bench_path = "bin/other"; }));
    CHECK(refuses([](auto& m) { m.name = ""; }));
    CHECK(refuses([](auto& m) { m.version = "0.5 0"; }));
    CHECK(!refuses([](auto& m) { m.bench_path = ""; }));
}

TEST_CASE("too many files are refused") {
    EngineManifest manifest = sample();
    const EngineFile last = manifest.files.back();
    for (std::size_t i = 0; i < manifest_files_max; ++i) {
        EngineFile file = last;
        file.path = "z" + std::to_string(1'000'000 + i);
        manifest.files.push_back(file);
    }
    CHECK(check_manifest(manifest).error().code() == ErrorCode::too_large);
}

TEST_CASE("a signature holds for the very bytes that were signed") {
    const SigningKey key = SigningKey::generate();
    const auto json = to_canonical_json(sample());
    const auto signature = sign_manifest(json, key);
    CHECK(verify_manifest(json, signature, key.public_key()));
    const auto changed = replaced(json, "0.5.0", "0.5.1");
    CHECK(verify_manifest(changed, signature, key.public_key()).error().code() ==
          ErrorCode::data_corrupt);
    CHECK(!verify_manifest(json, "", key.public_key()));
    CHECK(!verify_manifest(json, "{\"key\":\"x\"}", key.public_key()));
    CHECK(!verify_manifest(json, replaced(signature, "==", "=A"), key.public_key()));
}

TEST_CASE("a manifest signed by another key names both keys") {
    const SigningKey other = SigningKey::generate();
    const PublicKey trusted = SigningKey::generate().public_key();
    const auto json = to_canonical_json(sample());
    const auto refused = verify_manifest(json, sign_manifest(json, other), trusted);
    REQUIRE(!refused);
    CHECK(refused.error().message().find(other.public_key().fingerprint()) != std::string::npos);
    CHECK(refused.error().message().find(trusted.fingerprint()) != std::string::npos);
}

TEST_CASE("a signature that names the trusted key but was made by another is refused") {
    const SigningKey other = SigningKey::generate();
    const PublicKey trusted = SigningKey::generate().public_key();
    const auto json = to_canonical_json(sample());
    const auto forged = replaced(sign_manifest(json, other), other.public_key().fingerprint(),
                                 trusted.fingerprint());
    CHECK(!verify_manifest(json, forged, trusted));
}
