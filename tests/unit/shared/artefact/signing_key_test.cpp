#include "shared/artefact/signing_key.h"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "tests/unit/shared/artefact/temporary_directory.h"

using namespace gleaner;

TEST_CASE("a signature holds for its message and key only") {
    const SigningKey key = SigningKey::generate();
    const auto signature = key.sign("message");
    CHECK(key.public_key().verifies("message", signature));
    CHECK(!key.public_key().verifies("massage", signature));
    CHECK(!SigningKey::generate().public_key().verifies("message", signature));
    auto changed = signature;
    changed[10] ^= 1;
    CHECK(!key.public_key().verifies("message", changed));
}

TEST_CASE("the RFC 8032 test key verifies its published signature") {
    const auto key =
        PublicKey::from_text("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    REQUIRE(key);
    const std::string hex =
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b";
    Ed25519Signature signature{};
    for (std::size_t i = 0; i < signature.size(); ++i) {
        signature[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    }
    CHECK(key.value().verifies("", signature));
    CHECK(!key.value().verifies("x", signature));
}

TEST_CASE("a public key survives its text form, with and without prefix and line end") {
    const PublicKey key = SigningKey::generate().public_key();
    CHECK(PublicKey::from_text(key.text()).value() == key);
    CHECK(PublicKey::from_text(key.text().substr(8) + "\n").value() == key);
    CHECK(key.fingerprint().size() == 16);
    CHECK(key.pin().size() == 64);
    CHECK(key.pin().starts_with(key.fingerprint()));
}

TEST_CASE("a public key is also read from base64") {
    std::array<std::uint8_t, 32> raw{};
    raw[0] = 1;
    CHECK(PublicKey::from_text("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").value() ==
          PublicKey(raw));
}

TEST_CASE("text that is no public key is refused") {
    for (const char* text : {"", "ed25519:", "ed25519:00", "AQAA====", "not a key at all"}) {
        CHECK(!PublicKey::from_text(text));
    }
}

TEST_CASE("a saved key is private to its user and signs the same after loading") {
    const test::TemporaryDirectory directory;
    const SigningKey key = SigningKey::generate();
    REQUIRE(key.save(directory / "release.key"));
    struct stat info {};
    REQUIRE(::stat((directory / "release.key").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto loaded = SigningKey::load(directory / "release.key");
    REQUIRE(loaded);
    CHECK(loaded.value().public_key() == key.public_key());
    CHECK(key.public_key().verifies("m", loaded.value().sign("m")));
}

TEST_CASE("saving never overwrites a file") {
    const test::TemporaryDirectory directory;
    test::write_file(directory / "release.key", "precious");
    const auto saved = SigningKey::generate().save(directory / "release.key");
    REQUIRE(!saved);
    CHECK(saved.error().code() == ErrorCode::already_exists);
    CHECK(test::read_file(directory / "release.key") == "precious");
}

TEST_CASE("a key that others can read is refused with the command that mends it") {
    const test::TemporaryDirectory directory;
    REQUIRE(SigningKey::generate().save(directory / "release.key"));
    ::chmod((directory / "release.key").c_str(), 0640);
    const auto loaded = SigningKey::load(directory / "release.key");
    REQUIRE(!loaded);
    CHECK(loaded.error().code() == ErrorCode::permission_denied);
    CHECK(loaded.error().message().find("chmod 600") != std::string::npos);
}

TEST_CASE("a file that is no Ed25519 key is refused") {
    const test::TemporaryDirectory directory;
    test::write_file(directory / "a", "hello");
    ::chmod((directory / "a").c_str(), 0600);
    REQUIRE(!SigningKey::load(directory / "a"));
    CHECK(SigningKey::load(directory / "a").error().code() == ErrorCode::data_corrupt);
    CHECK(SigningKey::load(directory / "b").error().code() == ErrorCode::not_found);
}
