/// Aim: an enrolment pins only what the token names, and a machine that pinned a release key before
/// trusts no other.

#include "client-core/runtime/enrol.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/proto/wire.pb.h"
#include "shared/tls/authority.h"
#include "shared/util/hex.h"

namespace gleaner {
namespace {

namespace asio = boost::asio;

struct Fixture {
    [[nodiscard]] EnrolmentToken token(const PublicKey& named) const {
        return EnrolmentToken::parse("glt_0123456789abcdefghjk." + authority.pin() + "." +
                                     named.pin())
            .value();
    }
    /// The coordinator's answer: a certificate for `ours`, and this release key.
    [[nodiscard]] std::string answer(const PublicKey& named) const {
        const std::string csr = ours.signing_request("x").value();
        wire::EnrolResponse response;
        response.set_node_id("node_a");
        response.set_site_id("site_a");
        response.set_certificate_pem(
            authority.issue_node(csr, NodeId("node_a"), SiteId("site_a"), 24h).value().pem);
        response.set_authority_pem(authority.certificate_pem());
        response.set_release_public_key(to_hex(named.raw()));
        response.set_renew_after_s(60);
        return response.SerializeAsString();
    }
    /// Once: our key goes into what is accepted.
    [[nodiscard]] Result<Enrolled> accept(const std::string& body, const EnrolmentToken& by) {
        return accept_enrolment(body, by, applicant, std::move(ours));
    }
    /// What an attempt to enrol ends with where nobody listens.
    [[nodiscard]] Error refusal_with(const PublicKey& kept) const {
        asio::io_context io;
        std::optional<Error> refused;
        asio::co_spawn(io, ask_nobody(token(release), kept, refused),
                       [](const std::exception_ptr& thrown) {
                           if (thrown) std::rethrow_exception(thrown);
                       });
        io.run();
        REQUIRE(refused);
        return *refused;
    }
    static asio::awaitable<void> ask_nobody(EnrolmentToken token, PublicKey kept,
                                            std::optional<Error>& refused) {
        Applicant again(std::string(64, 'f'), "host", kept);
        GatewayAddress nobody = parse_address("localhost:1").value();
        auto asking = enrol(std::move(nobody), std::move(token), std::move(again));
        const auto answer = co_await std::move(asking);
        if (answer.has_error()) refused = answer.error();
    }

    ManualClock clock;
    tls::Authority authority = tls::Authority::create("test", clock).value();
    tls::KeyPair ours = tls::KeyPair::generate().value();
    PublicKey release = SigningKey::generate().public_key();
    PublicKey stranger = SigningKey::generate().public_key();
    Applicant applicant{std::string(64, 'f'), "host", std::nullopt};
};

bool tells(const Error& error, const std::string& words) {
    return error.message().find(words) != std::string::npos;
}

TEST_CASE("an answer that fits the token is accepted and pins the release key") {
    Fixture f;
    const auto enrolled = f.accept(f.answer(f.release), f.token(f.release));
    REQUIRE(enrolled);
    CHECK(enrolled.value().credentials.release_key() == f.release);
    CHECK(enrolled.value().credentials.node() == NodeId("node_a"));
}

TEST_CASE("an answer with another release key than the token's is refused, naming both") {
    Fixture f;
    const auto enrolled = f.accept(f.answer(f.stranger), f.token(f.release));
    REQUIRE_FALSE(enrolled);
    CHECK(enrolled.error().code() == ErrorCode::unauthenticated);
    CHECK(tells(enrolled.error(), f.release.fingerprint()));
    CHECK(tells(enrolled.error(), f.stranger.fingerprint()));
    CHECK(tells(enrolled.error(), "get a new token"));
}

TEST_CASE("an answer by another authority than the token's is refused") {
    Fixture f;
    const Fixture other;
    const auto enrolled = f.accept(other.answer(f.release), f.token(f.release));
    REQUIRE_FALSE(enrolled);
    CHECK(tells(enrolled.error(), "another authority"));
}

TEST_CASE("a token that names another release key than the kept one never leaves the machine") {
    const Fixture f;
    // Nobody listens there: only a refusal before dialling can have these words.
    const Error refused = f.refusal_with(f.stranger);
    CHECK(refused.code() == ErrorCode::unauthenticated);
    CHECK(tells(refused, f.release.fingerprint()));
    CHECK(tells(refused, f.stranger.fingerprint()));
    CHECK(tells(refused, "delete release.pub"));
    CHECK(f.refusal_with(f.release).code() == ErrorCode::unavailable);
}

}  // namespace
}  // namespace gleaner
