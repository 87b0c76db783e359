/// Aim: what reaches the disk is exactly what the hash names, whatever the source does, and a
/// broken download goes on where it was. Method: a source in memory that can be told to misbehave.

#include "client-core/cache/artefact_cache.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/artefact/sha256.h"
#include "shared/util/log.h"
#include "tests/support/temporary_folder.h"

namespace gleaner {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;

using testing::TemporaryFolder;

class MemorySource final : public ArtefactSource {
public:
    Sha256 add(std::string content) {
        const Sha256 sha256 = hash_bytes(content);
        ChunkList list{.size_bytes = content.size(), .whole = sha256, .chunks = {}};
        for (std::uint64_t i = 0; i < chunk_count(content.size()); ++i) {
            list.chunks.push_back(hash_bytes(std::string_view(content).substr(
                i * chunk_size_bytes, chunk_length(content.size(), i))));
        }
        contents[sha256] = std::move(content);
        lists[sha256] = std::move(list);
        return sha256;
    }

    asio::awaitable<Result<ChunkList>> chunk_list(Sha256 sha256) override {
        if (!lists.contains(sha256)) co_return Error(ErrorCode::not_found, "no such artefact");
        co_return lists.at(sha256);
    }
    asio::awaitable<Result<std::string>> read(Sha256 sha256, std::uint64_t offset,
                                              std::uint64_t length) override {
        reads.push_back(offset / chunk_size_bytes);
        if (failures_left > 0) {
            --failures_left;
            co_return Error(ErrorCode::unavailable, "connection lost");
        }
        std::string bytes = contents.at(sha256).substr(offset, length);
        if (tampered_left > 0 && reads.back() == tampered_chunk) {
            --tampered_left;
            bytes[bytes.size() / 2] ^= 1;
        }
        co_return bytes;
    }

    std::map<Sha256, std::string> contents;
    std::map<Sha256, ChunkList> lists;
    std::vector<std::uint64_t> reads;
    int failures_left = 0;
    int tampered_left = 0;
    std::uint64_t tampered_chunk = 0;
};

std::string noise(std::size_t size, std::uint64_t seed = 1) {
    Random random(seed);
    std::string text(size, '\0');
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random.next();
        std::memcpy(text.data() + at, &word, std::min(sizeof word, size - at));
    }
    return text;
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Fixture {
    explicit Fixture(std::uint64_t quota = 1ull << 30)
        : options{.folder = folder.path() / "cache", .quota_bytes = quota, .keep_free_bytes = 0} {
        options.retry_base = Duration{1};
        options.retry_cap = Duration{10};
        spdlog::set_level(spdlog::level::off);
        restart();
    }
    void restart() {
        cache.emplace(options, source, clock, io.get_executor());
        REQUIRE(cache->open());
        cache->on_evicted([this](const Sha256& sha256) { evicted.push_back(sha256); });
    }
    Result<fs::path> model(const Sha256& sha256, std::uint64_t size = 0) {
        clock.advance(1s);
        return run<fs::path>(cache->model(
            {sha256, size}, [this](std::uint64_t bytes) { progress.push_back(bytes); }));
    }
    template <class T>
    Result<T> run(asio::awaitable<Result<T>> op) {
        std::optional<Result<T>> result;
        asio::co_spawn(io, keep(std::move(op), result),
                       [](const std::exception_ptr& exception) { REQUIRE_FALSE(exception); });
        io.restart();
        io.run();
        REQUIRE(result);
        return *result;
    }
    template <class T>
    static asio::awaitable<void> keep(asio::awaitable<Result<T>> op,
                                      std::optional<Result<T>>& result) {
        result.emplace(co_await std::move(op));
    }

    TemporaryFolder folder;
    asio::io_context io{1};
    ManualClock clock;
    MemorySource source;
    ArtefactCacheOptions options;
    std::optional<ArtefactCache> cache;
    std::vector<std::uint64_t> progress;
    std::vector<Sha256> evicted;
};

TEST_CASE("a model is downloaded chunk by chunk once, with progress, and is read-only") {
    Fixture f;
    const std::string content = noise(9u << 20);
    const Sha256 sha256 = f.source.add(content);
    const auto path = f.model(sha256, content.size());
    REQUIRE(path);
    CHECK(content_of(path.value()) == content);
    CHECK(f.source.reads == std::vector<std::uint64_t>{0, 1, 2});
    CHECK(f.progress == std::vector<std::uint64_t>{0, 4u << 20, 8u << 20, 9u << 20});
    CHECK((fs::status(path.value()).permissions() & fs::perms::owner_write) == fs::perms::none);
    REQUIRE(f.model(sha256));
    CHECK(f.source.reads.size() == 3);
    CHECK(f.cache->complete() == std::vector<Sha256>{sha256});
}

TEST_CASE("lost connections are retried, and given up when nothing is gained") {
    Fixture f;
    const Sha256 sha256 = f.source.add(noise(5u << 20));
    f.source.failures_left = 5;
    CHECK(f.model(sha256));
    const Sha256 other = f.source.add(noise(1000, 2));
    f.source.failures_left = 1000;
    const auto path = f.model(other);
    REQUIRE_FALSE(path);
    CHECK(path.error().code() == ErrorCode::unavailable);
    CHECK(f.source.failures_left == 992);
}

TEST_CASE("a chunk damaged once is fetched again") {
    Fixture f;
    const std::string content = noise(9u << 20);
    const Sha256 sha256 = f.source.add(content);
    f.source.tampered_chunk = 1;
    f.source.tampered_left = 2;
    const auto path = f.model(sha256);
    REQUIRE(path);
    CHECK(content_of(path.value()) == content);
    CHECK(f.source.reads == std::vector<std::uint64_t>{0, 1, 2, 1, 1});  // 2 while 1 was looked at
}

TEST_CASE("a chunk that stays wrong fails the artefact, is named, and is not asked for endlessly") {
    Fixture f;
    const Sha256 sha256 = f.source.add(noise(9u << 20));
    f.source.tampered_chunk = 1;
    f.source.tampered_left = 1000;
    const auto path = f.model(sha256);
    REQUIRE_FALSE(path);
    CHECK(path.error().code() == ErrorCode::data_corrupt);
    CHECK(path.error().message().starts_with("artefact " + sha256.get() + ", chunk 1 of 3: "));
    CHECK(f.source.reads == std::vector<std::uint64_t>{0, 1, 2, 1, 1});
    CHECK(f.cache->complete().empty());
}

TEST_CASE("after a restart a download goes on where it was, and damage on disk is noticed") {
    Fixture f;
    const std::string content = noise(13u << 20);
    const Sha256 sha256 = f.source.add(content);
    f.source.tampered_chunk = 3;
    f.source.tampered_left = 3;
    REQUIRE_FALSE(f.model(sha256));
    f.restart();
    f.source.reads.clear();
    SUBCASE("undamaged") {
        REQUIRE(f.model(sha256));
        CHECK(f.source.reads == std::vector<std::uint64_t>{3});
    }
    SUBCASE("a chunk was altered meanwhile") {
        const fs::path partial = f.options.folder / "partial" / sha256.get();
        std::fstream file(partial, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(5 << 20);
        file.put('!');
        file.close();
        REQUIRE(f.model(sha256));
        CHECK(f.source.reads == std::vector<std::uint64_t>{1, 2, 3});
    }
    CHECK(content_of(f.options.folder / "models" / sha256.get()) == content);
}

TEST_CASE("a model altered on disk is noticed at its first use in a run and fetched again") {
    Fixture f;
    const std::string content = noise(1000);
    const Sha256 sha256 = f.source.add(content);
    const fs::path path = f.model(sha256).value();
    fs::permissions(path, fs::perms::owner_all);
    std::ofstream(path, std::ios::binary) << "something else";
    f.restart();
    REQUIRE(f.model(sha256));
    CHECK(content_of(path) == content);
}

TEST_CASE("a model on a shared disk is verified, used where it is, and never changed there") {
    Fixture f;
    f.options.shared_models = f.folder.path() / "shared";
    f.options.shared_stagger_max = Duration{0};
    fs::create_directories(f.options.shared_models);
    f.restart();
    const std::string content = noise(5u << 20);
    const Sha256 sha256 = f.source.add(content);
    const fs::path file = f.options.shared_models / sha256.get();
    std::ofstream(file, std::ios::binary) << content;
    CHECK(f.cache->complete() == std::vector<Sha256>{sha256});
    CHECK(f.model(sha256, content.size()).value() == file);
    CHECK(f.cache->disk_use().used_bytes == 0);
    CHECK(f.source.reads.empty());

    // Half copied, altered, gone: it is downloaded instead, and the shared disk left alone.
    fs::resize_file(file, 1u << 20);
    CHECK(f.model(sha256, content.size()).value() != file);
    CHECK(f.source.reads.size() == 2);
    std::string altered = noise(3u << 20, 2);
    const Sha256 other = f.source.add(altered);
    altered[7] ^= 1;
    std::ofstream(f.options.shared_models / other.get(), std::ios::binary) << altered;
    CHECK(content_of(f.model(other).value()) == f.source.contents.at(other));
    CHECK(content_of(f.options.shared_models / other.get()) == altered);
    f.options.shared_models /= "nothing";
    f.restart();
    CHECK(f.model(sha256));
    CHECK(f.cache->complete().size() == 2);
}

TEST_CASE("a chunk list for another file, or of another size, is refused") {
    Fixture f;
    const Sha256 a = f.source.add(noise(1000, 1));
    const Sha256 b = f.source.add(noise(1000, 2));
    f.source.lists[a] = f.source.lists[b];
    CHECK(f.model(a).error().code() == ErrorCode::data_corrupt);
    CHECK(f.model(b, 999).error().code() == ErrorCode::data_corrupt);
}

TEST_CASE("chunks that hold but do not make the whole are refused and removed") {
    Fixture f;
    const Sha256 a = f.source.add(noise(1000, 1));
    const Sha256 b = f.source.add(noise(1000, 2));
    f.source.lists[a].chunks = f.source.lists[b].chunks;
    f.source.contents[a] = f.source.contents[b];
    CHECK(f.model(a).error().code() == ErrorCode::data_corrupt);
    CHECK(fs::is_empty(f.options.folder / "partial"));
}

TEST_CASE("room is made by evicting the least recently used, never what is held") {
    Fixture f(3000);
    const Sha256 a = f.source.add(noise(1000, 1));
    const Sha256 b = f.source.add(noise(1000, 2));
    const Sha256 c = f.source.add(noise(1000, 3));
    const Sha256 d = f.source.add(noise(1000, 4));
    REQUIRE(f.model(a));
    REQUIRE(f.model(b));
    REQUIRE(f.model(c));
    REQUIRE(f.model(a));
    CHECK(f.cache->free_bytes() == 0);
    {
        const auto held = f.cache->hold(b);
        REQUIRE(f.model(d));
        CHECK(f.evicted == std::vector<Sha256>{c});
    }
    f.restart();
    REQUIRE(f.model(c));
    CHECK(f.evicted == std::vector<Sha256>{c, b});
}

TEST_CASE("a lowered quota holds at once, but for what is held") {
    Fixture f(16u << 20);
    const Sha256 a = f.source.add(noise(3u << 20, 1));
    const Sha256 b = f.source.add(noise(3u << 20, 2));
    const Sha256 c = f.source.add(noise(3u << 20, 3));
    for (const Sha256& each : {a, b, c}) REQUIRE(f.model(each));
    const auto held = f.cache->hold(a);
    f.cache->set_quota(9u << 20);
    CHECK(f.evicted.empty());
    f.cache->set_quota((9u << 20) - 1);
    CHECK(f.evicted == std::vector<Sha256>{b});
    CHECK_FALSE(fs::exists(f.options.folder / "models" / b.get()));
    f.cache->set_quota(0);
    CHECK(f.evicted == std::vector<Sha256>{b, c});
    CHECK(f.cache->complete() == std::vector<Sha256>{a});
    CHECK(f.cache->free_bytes() == 0);
    CHECK(f.model(b).error().code() == ErrorCode::disk_full);
    f.cache->set_quota(6u << 20);
    CHECK(f.model(b));
}

TEST_CASE("an artefact over the quota is refused before a byte is fetched") {
    Fixture f(500);
    const Sha256 a = f.source.add(noise(1000));
    const auto path = f.model(a);
    REQUIRE_FALSE(path);
    CHECK(path.error().code() == ErrorCode::disk_full);
    CHECK(f.source.reads.empty());
}

TEST_CASE("an engine is unpacked only under the release key and is verified again in each run") {
    Fixture f;
    const SigningKey key = SigningKey::generate();
    const fs::path source = f.folder.path() / "engine";
    fs::create_directories(source);
    std::ofstream(source / "llama-server") << "#!/bin/sh\n";
    fs::permissions(source / "llama-server", fs::perms::owner_all);
    const EngineFields fields{.name = "llama.cpp",
                              .version = "1",
                              .os = "linux",
                              .arch = "x86_64",
                              .min_libc = "",
                              .min_driver = "",
                              .server_path = "",
                              .bench_path = ""};
    const fs::path archive = f.folder.path() / "engine.tar.zst";
    REQUIRE(pack_engine(source.string(), fields, key, archive.string()));
    const Sha256 sha256 = f.source.add(content_of(archive));
    const auto fetch = [&](const PublicKey& release_key) {
        return f.run<InstalledEngine>(f.cache->engine({sha256, 0}, release_key, nullptr));
    };
    SUBCASE("another key is refused and nothing stays") {
        const auto engine = fetch(SigningKey::generate().public_key());
        REQUIRE_FALSE(engine);
        CHECK(engine.error().code() == ErrorCode::data_corrupt);
        CHECK(fs::is_empty(f.options.folder / "engines"));
        CHECK(fs::is_empty(f.options.folder / "partial"));
    }
    SUBCASE("a file altered on disk is noticed, and the engine is installed anew") {
        const auto engine = fetch(key.public_key());
        REQUIRE(engine);
        CHECK(engine.value().manifest.server_path == "llama-server");
        const fs::path server = engine.value().folder / "llama-server";
        fs::permissions(server, fs::perms::owner_all);
        std::ofstream(server) << "evil";
        f.restart();
        f.source.reads.clear();
        REQUIRE(fetch(key.public_key()));
        CHECK(f.source.reads.size() == 1);
        CHECK(content_of(server) == "#!/bin/sh\n");
        f.restart();
        f.source.reads.clear();
        REQUIRE(fetch(key.public_key()));
        CHECK(f.source.reads.empty());
    }
}

TEST_CASE_FIXTURE(Fixture, "a cache removed while the node runs is filled again") {
    const Sha256 sha256 = source.add(noise(chunk_size_bytes + 5));
    REQUIRE(model(sha256));
    fs::remove_all(folder.path() / "cache");
    const auto path = model(sha256);
    REQUIRE(path);
    CHECK(content_of(path.value()) == source.contents.at(sha256));
}

}  // namespace
}  // namespace gleaner
