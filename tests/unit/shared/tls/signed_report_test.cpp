#include "shared/tls/signed_report.h"

#include <string>

#include <doctest/doctest.h>

#include "shared/tls/authority.h"
#include "shared/tls/message_signature.h"

namespace gleaner {
namespace {

using tls::KeyPair;
using tls::SignedReport;

BenchReport small_report() {
    BenchReport report;
    report.kind = "cuda";
    report.name = "NVIDIA L4";
    report.figures = {{"fp32", "TFLOPS", "fma", 30.0, 0.1, 9}};
    return report;
}

TEST_CASE("a signature holds for these bytes, this purpose and this key only") {
    const KeyPair key = KeyPair::generate().value();
    const KeyPair other = KeyPair::generate().value();
    const std::string signature = tls::sign_message(key, "purpose", "message").value();
    const auto holds = [&](const KeyPair& by, std::string_view purpose, std::string_view message,
                           std::string_view made) {
        return tls::verify_message(by.native(), purpose, message, made).has_value();
    };
    CHECK(holds(key, "purpose", "message", signature));
    CHECK_FALSE(holds(other, "purpose", "message", signature));
    CHECK_FALSE(holds(key, "purpose", "messagf", signature));
    CHECK_FALSE(holds(key, "purposf", "message", signature));
    // The border between purpose and message is signed too.
    CHECK_FALSE(holds(key, "purposem", "essage", signature));
    CHECK_FALSE(holds(key, "purpose", "message", ""));
    CHECK_FALSE(holds(key, "purpose", "message", "no hex"));
    CHECK_FALSE(holds(key, "purpose", "message", signature + "00"));
    CHECK_FALSE(holds(key, "purpose", "message", std::string(1000, '0')));
    std::string flipped = signature;
    flipped.back() = flipped.back() == '0' ? '1' : '0';
    CHECK_FALSE(holds(key, "purpose", "message", flipped));
    CHECK_FALSE(
        tls::verify_message(static_cast<EVP_PKEY*>(nullptr), "purpose", "message", signature)
            .has_value());
}

TEST_CASE("an empty message and one with zero bytes can be signed") {
    const KeyPair key = KeyPair::generate().value();
    for (const std::string& message : {std::string(), std::string("a\0b", 3)}) {
        const std::string signature = tls::sign_message(key, "p", message).value();
        CHECK(tls::verify_message(key.native(), "p", message, signature).has_value());
    }
}

/// A node's key and the certificate that the coordinator gave it.
struct EnrolledNode {
    explicit EnrolledNode(const NodeId& node) {
        const ManualClock clock;
        const auto authority = tls::Authority::create("test", clock).value();
        const std::string request = key.signing_request("any").value();
        certificate = authority.issue_node(request, node, SiteId("site_1"), 24h).value().pem;
    }
    KeyPair key = KeyPair::generate().value();
    std::string certificate;
};

TEST_CASE("a report opens under its node's certificate, with node and device named in it") {
    const NodeId id("node_1");
    const EnrolledNode node(id);
    const auto sealed = tls::sign_report(small_report(), id, "cuda0", node.key);
    REQUIRE(sealed.has_value());
    const auto carried = tls::parse_signed_report(tls::to_json(sealed.value()));
    REQUIRE(carried.has_value());
    CHECK(carried.value() == sealed.value());
    // The bare key does as well, and another's does not.
    CHECK(tls::open_report(carried.value(), id, node.key.native()).has_value());
    CHECK(tls::open_report(carried.value(), id, KeyPair::generate().value().native()).has_error());
    CHECK(tls::open_report(carried.value(), NodeId("node_2"), node.key.native()).has_error());
    CHECK(tls::open_report(carried.value(), id, static_cast<EVP_PKEY*>(nullptr)).has_error());
    const auto opened = tls::open_report(carried.value(), id, node.certificate);
    REQUIRE(opened.has_value());
    BenchReport expected = small_report();
    expected.node = "node_1";
    expected.device = "cuda0";
    CHECK(opened.value() == expected);
}

TEST_CASE("a report that was changed, or is another node's, does not open") {
    const NodeId id("node_1");
    const EnrolledNode node(id);
    const EnrolledNode thief(NodeId("node_2"));
    const SignedReport sealed = tls::sign_report(small_report(), id, "cuda0", node.key).value();
    SignedReport changed = sealed;
    changed.report_json.replace(changed.report_json.find("L4"), 2, "H9");
    CHECK(tls::open_report(changed, id, node.certificate).error().code() ==
          ErrorCode::data_corrupt);
    CHECK(tls::open_report(sealed, id, thief.certificate).has_error());
    // The thief signs the node's report with its own key: its certificate fits, the name does not.
    const SignedReport stolen = tls::sign_report(small_report(), id, "cuda0", thief.key).value();
    const auto opened = tls::open_report(stolen, NodeId("node_2"), thief.certificate);
    REQUIRE(opened.has_error());
    CHECK(opened.error().message().find("node_1") != std::string::npos);
    CHECK(tls::open_report(sealed, id, "no certificate").has_error());
}

TEST_CASE("what is no signed report is refused") {
    for (const char* const text :
         {"", "[]", "{}", R"({"report":"{}"})", R"({"report":{},"signature":"00"})"}) {
        CAPTURE(text);
        const auto parsed = tls::parse_signed_report(text);
        REQUIRE(parsed.has_error());
        CHECK(parsed.error().code() == ErrorCode::data_corrupt);
    }
    const std::string huge(300'000, ' ');
    CHECK(tls::parse_signed_report(huge).error().code() == ErrorCode::too_large);
}

}  // namespace
}  // namespace gleaner
