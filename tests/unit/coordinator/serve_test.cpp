#include "coordinator/serve.h"

#include <doctest/doctest.h>

using namespace gleaner;

TEST_CASE("without a release key the coordinator does not start and says how to make one") {
    const Settings settings;
    const auto served = serve(settings);
    REQUIRE(served.has_error());
    CHECK(served.error().code() == ErrorCode::failed_precondition);
    for (const auto* part : {"release_public_key", "gleanerctl key new --out release.key",
                             "gleanerctl key show release.key"})
        CHECK(served.error().message().find(part) != std::string::npos);
}

TEST_CASE("a release key that is none is refused by the option's name") {
    Settings settings;
    settings.release_public_key = "ed25519:1234";
    const auto key = release_key_of(settings);
    REQUIRE(key.has_error());
    CHECK(key.error().code() == ErrorCode::invalid_argument);
    CHECK(key.error().message().starts_with("release_public_key is not a public key"));
}

TEST_CASE("a release key is taken as gleanerctl prints it, and as bare hex") {
    const auto made = SigningKey::generate().public_key();
    Settings settings;
    settings.release_public_key = made.text();
    REQUIRE(release_key_of(settings).has_value());
    CHECK(release_key_of(settings).value().raw() == made.raw());
}
