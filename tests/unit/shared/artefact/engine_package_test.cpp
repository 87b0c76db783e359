/// Packs small directories and then attacks the archives: each attack is built with libarchive
/// directly, so that it can do what the writer under test refuses to.
#include "shared/artefact/engine_package.h"

#include <filesystem>
#include <functional>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include "shared/artefact/sha256.h"
#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;
namespace fs = std::filesystem;

namespace {

const EngineFields fields{.name = "llama.cpp",
                          .version = "0.5.0",
                          .backend = EngineBackend::cpu,
                          .os = "linux",
                          .arch = "x86_64",
                          .min_libc = "2.36",
                          .min_driver = {},
                          .server_path = {},
                          .bench_path = {}};

struct Stage {
    Stage() {
        test::write_file(dir / "stage/bin/llama-server", "server program");
        test::write_file(dir / "stage/bin/llama-bench", "bench program");
        test::write_file(dir / "stage/bin/libggml.so.0.9", std::string(300'000, 'g'));
        fs::create_symlink("libggml.so.0.9", dir / "stage/bin/libggml.so.0");
        fs::create_symlink("libggml.so.0", dir / "stage/bin/libggml.so");
        for (const char* name : {"llama-server", "llama-bench"}) {
            ::chmod((dir / ("stage/bin/" + std::string(name))).c_str(), 0755);
        }
    }
    Result<EngineManifest> pack() {
        return pack_engine(dir / "stage", fields, key, dir / "e.tar.zst");
    }
    Result<EngineManifest> unpack() {
        return unpack_verified(dir / "e.tar.zst", dir / "engine", key.public_key());
    }
    test::TemporaryDirectory dir;
    SigningKey key = SigningKey::generate();
};

struct Entry {
    std::string path;
    std::string content;
    int mode = 0644;
    int type = AE_IFREG;
    std::string link = {};
    bool hard_link = false;
};

void write_archive(const std::string& path, const std::vector<Entry>& entries) {
    archive* out = archive_write_new();
    archive_write_set_format_pax_restricted(out);
    archive_write_add_filter_zstd(out);
    REQUIRE(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
    for (const auto& entry : entries) {
        archive_entry* header = archive_entry_new();
        archive_entry_set_pathname(header, entry.path.c_str());
        archive_entry_set_filetype(header, static_cast<unsigned>(entry.type));
        archive_entry_set_perm(header, static_cast<mode_t>(entry.mode));
        archive_entry_set_size(header, static_cast<la_int64_t>(entry.content.size()));
        if (entry.type == AE_IFLNK) archive_entry_set_symlink(header, entry.link.c_str());
        if (entry.hard_link) archive_entry_set_hardlink(header, entry.link.c_str());
        REQUIRE(archive_write_header(out, header) == ARCHIVE_OK);
        archive_write_data(out, entry.content.data(), entry.content.size());
        archive_entry_free(header);
    }
    archive_write_close(out);
    archive_write_free(out);
}

/// A well-signed package of two files, as a list of entries for tests to spoil.
std::vector<Entry> good_entries(const SigningKey& key) {
    EngineManifest manifest{.name = "e",
                            .version = "1",
                            .backend = EngineBackend::cpu,
                            .os = "linux",
                            .arch = "x86_64",
                            .min_libc = {},
                            .min_driver = {},
                            .server_path = "llama-server",
                            .bench_path = {},
                            .files = {}};
    manifest.files = {{"lib.so", 3, hash_bytes(std::string_view("lib")), false},
                      {"llama-server", 6, hash_bytes(std::string_view("server")), true}};
    const auto json = to_canonical_json(manifest);
    return {{"manifest.json", json},
            {"manifest.sig", sign_manifest(json, key)},
            {"lib.so", "lib"},
            {"llama-server", "server", 0755}};
}

/// Spoils a good package, and demands that reading and unpacking both refuse it, name `culprit`,
/// and leave nothing behind.
void expect_refused(const std::function<void(std::vector<Entry>&)>& spoil,
                    const std::string& culprit) {
    CAPTURE(culprit);
    Stage stage;
    auto entries = good_entries(stage.key);
    spoil(entries);
    write_archive(stage.dir / "e.tar.zst", entries);
    const auto verified = verify_package(stage.dir / "e.tar.zst", stage.key.public_key());
    REQUIRE(!verified);
    CHECK(verified.error().message().find(culprit) != std::string::npos);
    const auto unpacked = stage.unpack();
    REQUIRE(!unpacked);
    CHECK(unpacked.error().message().find(culprit) != std::string::npos);
    CHECK(stage.dir.entries() == 2);  // the stage and the archive
}

}  // namespace

TEST_CASE("a packed directory comes out byte for byte, links as copies, modes kept") {
    Stage stage;
    const auto packed = stage.pack();
    REQUIRE(packed);
    CHECK(packed.value().server_path == "bin/llama-server");
    CHECK(packed.value().bench_path == "bin/llama-bench");
    CHECK(packed.value().files.size() == 5);
    const auto unpacked = stage.unpack();
    REQUIRE(unpacked);
    CHECK(unpacked.value() == packed.value());
    for (const char* name : {"libggml.so", "libggml.so.0", "libggml.so.0.9"}) {
        const auto path = stage.dir / ("engine/bin/" + std::string(name));
        CHECK(fs::is_regular_file(fs::symlink_status(path)));
        CHECK(test::read_file(path) == std::string(300'000, 'g'));
    }
    struct stat info {};
    REQUIRE(::stat((stage.dir / "engine/bin/llama-server").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0755);
    CHECK(verify_unpacked(stage.dir / "engine", stage.key.public_key()).value() == packed.value());
    CHECK(read_manifest(stage.dir / "e.tar.zst", stage.key.public_key()).value() == packed.value());
}

TEST_CASE("packing twice gives the same bytes") {
    Stage stage;
    REQUIRE(stage.pack());
    REQUIRE(pack_engine(stage.dir / "stage", fields, stage.key, stage.dir / "f.tar.zst"));
    CHECK(hash_file(stage.dir / "e.tar.zst").value() == hash_file(stage.dir / "f.tar.zst").value());
}

TEST_CASE("packing refuses to overwrite, to follow links outside, and to do without a server") {
    Stage stage;
    fs::create_symlink("/etc/passwd", stage.dir / "stage/bin/leak");
    CHECK(stage.pack().error().code() == ErrorCode::invalid_argument);
    CHECK(!fs::exists(stage.dir / "e.tar.zst"));
    fs::remove(stage.dir / "stage/bin/leak");
    test::write_file(stage.dir / "e.tar.zst", "precious");
    CHECK(stage.pack().error().code() == ErrorCode::already_exists);
    CHECK(test::read_file(stage.dir / "e.tar.zst") == "precious");
    fs::remove(stage.dir / "e.tar.zst");
    fs::remove(stage.dir / "stage/bin/llama-server");
    CHECK(stage.pack().error().message().find("llama-server") != std::string::npos);
}

TEST_CASE("the package that the attacks below spoil is good before") {
    Stage stage;
    write_archive(stage.dir / "e.tar.zst", good_entries(stage.key));
    CHECK(verify_package(stage.dir / "e.tar.zst", stage.key.public_key()));
    CHECK(stage.unpack());
}

TEST_CASE("an engine signed by another key is refused before anything is unpacked") {
    Stage stage;
    REQUIRE(stage.pack());
    const auto other = SigningKey::generate().public_key();
    const auto refused = unpack_verified(stage.dir / "e.tar.zst", stage.dir / "engine", other);
    REQUIRE(!refused);
    CHECK(refused.error().code() == ErrorCode::data_corrupt);
    CHECK(stage.dir.entries() == 2);
}

TEST_CASE("a changed, added, missing, repeated, longer or re-moded file is refused by name") {
    expect_refused([](auto& e) { e[3].content = "sErver"; }, "llama-server");
    expect_refused([](auto& e) { e[2].content = "libx"; }, "lib.so");
    expect_refused([](auto& e) { e.push_back({"extra", "x"}); }, "extra");
    expect_refused([](auto& e) { e.pop_back(); }, "llama-server is missing");
    expect_refused([](auto& e) { e.push_back(e[2]); }, "lib.so");
    expect_refused([](auto& e) { e[2].mode = 0755; }, "lib.so");
    expect_refused([](auto& e) { e[0].content.replace(e[0].content.find("linux"), 5, "LINUX"); },
                   "manifest was changed");
    expect_refused([](auto& e) { std::swap(e[0], e[2]); }, "manifest.json");
    expect_refused([](auto& e) { e[1].content.clear(); }, "manifest.sig");
}

TEST_CASE("links, devices and escaping paths are refused by name") {
    expect_refused([](auto& e) { e[2] = {"lib.so", "", 0777, AE_IFLNK, "/etc/passwd"}; }, "lib.so");
    expect_refused([](auto& e) { e[2] = {"lib.so", "", 0644, AE_IFREG, "llama-server", true}; },
                   "lib.so");
    expect_refused([](auto& e) { e[2] = {"lib.so", "", 0644, AE_IFIFO}; }, "lib.so");
    expect_refused([](auto& e) { e[2].path = "../lib.so"; }, "../lib.so");
    expect_refused([](auto& e) { e[2].path = "/lib.so"; }, "/lib.so");
}

TEST_CASE("a cut or foreign archive is refused") {
    Stage stage;
    REQUIRE(stage.pack());
    const auto whole = test::read_file(stage.dir / "e.tar.zst");
    test::write_file(stage.dir / "e.tar.zst", whole.substr(0, whole.size() / 2));
    CHECK(stage.unpack().error().code() == ErrorCode::data_corrupt);
    test::write_file(stage.dir / "e.tar.zst", "not an archive");
    CHECK(stage.unpack().error().code() == ErrorCode::data_corrupt);
    CHECK(
        unpack_verified("/nowhere", stage.dir / "engine", stage.key.public_key()).error().code() ==
        ErrorCode::not_found);
    CHECK(stage.dir.entries() == 2);
}

TEST_CASE("an installed engine that was touched is refused by name") {
    Stage stage;
    REQUIRE(stage.pack());
    REQUIRE(stage.unpack());
    const auto verify = [&] {
        return verify_unpacked(stage.dir / "engine", stage.key.public_key());
    };
    const auto server = stage.dir / "engine/bin/llama-server";
    const auto refused_for = [&](const std::string& culprit) {
        const auto refused = verify();
        REQUIRE(!refused);
        CHECK(refused.error().message().find(culprit) != std::string::npos);
    };
    test::write_file(server, "sErver program");
    refused_for("llama-server");
    test::write_file(server, "server program");
    REQUIRE(verify());
    ::chmod(server.c_str(), 0644);
    refused_for("llama-server");
    ::chmod(server.c_str(), 0755);
    test::write_file(stage.dir / "engine/bin/libevil.so", "x");
    refused_for("libevil.so");
    fs::remove(stage.dir / "engine/bin/libevil.so");
    fs::remove(stage.dir / "engine/bin/libggml.so");
    fs::create_symlink("libggml.so.0", stage.dir / "engine/bin/libggml.so");
    refused_for("libggml.so");
}

TEST_CASE("unpacking does not replace an engine that is there") {
    Stage stage;
    REQUIRE(stage.pack());
    REQUIRE(stage.unpack());
    CHECK(stage.unpack().error().code() == ErrorCode::already_exists);
    CHECK(verify_unpacked(stage.dir / "engine", stage.key.public_key()));
}

TEST_CASE("an upstream archive is imported as it is") {
    Stage stage;
    write_archive(stage.dir / "up.tar.zst",
                  {{"build/bin/llama-server", "server", 0755},
                   {"build/bin/libggml.so.0", "lib", 0644},
                   {"build/bin/libggml.so", "", 0777, AE_IFLNK, "libggml.so.0"}});
    const auto imported =
        import_engine(stage.dir / "up.tar.zst", fields, stage.key, stage.dir / "e.tar.zst");
    REQUIRE(imported);
    CHECK(imported.value().server_path == "build/bin/llama-server");
    CHECK(imported.value().files.size() == 3);
    CHECK(stage.unpack());
    CHECK(stage.dir.entries() == 4);
}

TEST_CASE("an upstream archive that would write outside is refused") {
    const std::vector<Entry> attacks = {{"../evil", "x"},
                                        {"/evil", "x"},
                                        {"a/link", "", 0777, AE_IFLNK, "../../etc"},
                                        {"link", "", 0777, AE_IFLNK, "/etc"},
                                        {"hard", "", 0644, AE_IFREG, "/etc/passwd", true}};
    for (const auto& attack : attacks) {
        CAPTURE(attack.path);
        Stage stage;
        write_archive(stage.dir / "up.tar.zst", {{"llama-server", "server", 0755}, attack});
        CHECK(!import_engine(stage.dir / "up.tar.zst", fields, stage.key, stage.dir / "e.tar.zst"));
        CHECK(stage.dir.entries() == 2);
    }
}
